"""Does syslog-ng, unmodified, deliver every line by its elasticsearch-http destination?"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import LogsCase, debian_program, skip  # noqa: E402

LINES = 200


class SyslogNg(LogsCase):
    def test_elasticsearch_http(self):
        program, environment = debian_program("syslog-ng-core", "syslog-ng", ("syslog-ng-mod-http", "syslog-ng-scl", "libivykis0", "libnet1", "libwrap0"))
        root = environment.get("GYRE_SENDER_ROOT", "/")
        found = [os.path.join(place, name) for place, _, names in os.walk(os.path.join(root, "usr/share/syslog-ng"))
                 for name in names if name == "elastic-http.conf"]
        if not found:
            skip("syslog-ng-scl is not there")
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "in.log")
            with open(source, "w", encoding="utf-8") as file:
                file.writelines(f"<12>Nov 29 10:00:00 nghost ngapp[7]: syslog-ng line {number}\n" for number in range(LINES))
            config = os.path.join(folder, "syslog-ng.conf")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f'''@version: 3.38
@include "{found[0]}"
options {{ keep-hostname(yes); }};
source s_in {{ file("{source}" follow-freq(1) read-old-records(yes)); }};
destination d_out {{ elasticsearch-http(url("http://127.0.0.1:{self.server.dialect_port}/_bulk") index("logs") type("")
  template("$(format-json --scope rfc5424 --scope nv-pairs --exclude DATE @timestamp=${{ISODATE}})")); }};
log {{ source(s_in); destination(d_out); }};
''')
            process = subprocess.Popen([program, "-F", "--no-caps", "--module-path", os.path.join(root, "usr/lib/syslog-ng/3.38"), "-f", config, "-R", os.path.join(folder, "persist"),
                                        "-p", os.path.join(folder, "pid"), "-c", os.path.join(folder, "ctl")],
                                       env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                logs = self.wait_for(LINES, seconds=60, text='"syslog ng line"')
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
        self.assertEqual({(log["service"], log["host"]) for log in logs}, {("ngapp", "nghost")})


if __name__ == "__main__":
    unittest.main(verbosity=2)
