"""Does rsyslog, unmodified, deliver every line: by omelasticsearch to the dialect, by omfwd to the syslog socket in both framings?"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import LogsCase, debian_program, skip  # noqa: E402

LINES = 200


class Rsyslog(LogsCase):
    SETTINGS = ("domains.logs.listen=tcp://127.0.0.1:0",)

    def test_all_outputs(self):
        program, environment = debian_program("rsyslog", "rsyslogd",
                                              ("rsyslog-elasticsearch", "libfastjson4", "libestr0", "liblognorm5"))
        root = environment.get("GYRE_SENDER_ROOT", "/")
        modules = os.path.join(root, "usr/lib/x86_64-linux-gnu/rsyslog")
        if not os.path.exists(os.path.join(modules, "omelasticsearch.so")):
            skip("rsyslog-elasticsearch is not there")
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "in.log")
            with open(source, "w", encoding="utf-8") as file:
                file.writelines(f"rsyslog line {number}\n" for number in range(LINES))
            config = os.path.join(folder, "rsyslog.conf")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f'''global(workDirectory="{folder}")
module(load="imfile" mode="polling" pollingInterval="1")
module(load="omelasticsearch")
input(type="imfile" file="{source}" tag="rs:" severity="warning")
template(name="json" type="list") {{
  constant(value="{{") property(name="timereported" dateFormat="rfc3339" format="jsonf" outname="@timestamp")
  constant(value=",") property(name="msg" format="jsonf" outname="message")
  constant(value=",") property(name="hostname" format="jsonf" outname="host")
  constant(value=",") property(name="syslogseverity-text" format="jsonf" outname="severity")
  constant(value=",") property(name="syslogtag" format="jsonf" outname="syslogtag")
  constant(value=",\\"by\\":\\"omelasticsearch\\"}}") }}
action(type="omelasticsearch" server="127.0.0.1" serverport="{self.server.dialect_port}" searchIndex="logs" searchType=""
       bulkmode="on" template="json")
action(type="omfwd" target="127.0.0.1" port="{self.syslog_port("tcp")}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format")
action(type="omfwd" target="127.0.0.1" port="{self.syslog_port("tcp")}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
''')
            process = subprocess.Popen([program, "-n", "-f", config, "-i", os.path.join(folder, "pid"), "-M", modules],
                                       env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                logs = self.wait_for(3 * LINES, seconds=60, text='"rsyslog line"')
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
        self.assertEqual({log["level"] for log in logs}, {"warn"})
        self.assertEqual(self.search(attribute="by=omelasticsearch", size=0)["total"], LINES)
        for number in (0, LINES - 1):
            self.assertEqual(self.search(text=f'"rsyslog line {number}"', size=0)["total"], 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
