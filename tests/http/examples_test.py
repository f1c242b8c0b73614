"""Do the examples that readers are shown work? Every curl of the READMEs and of ./dev run, in order, on one server."""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import SOURCE, Server  # noqa: E402


def curls(name):
    """Whole curl commands: continued lines and quoted bodies that span lines are joined."""
    with open(os.path.join(SOURCE, name)) as file:
        lines = iter(file.read().splitlines())
    for line in lines:
        command = line.strip()
        if not command.startswith("curl "):
            continue
        while command.endswith("\\") or command.count("'") % 2:
            command = command.removesuffix("\\") + "\n"[command.endswith("\\"):] + next(lines)
        yield command


class Examples(unittest.TestCase):
    def check(self, name, least):
        found = list(curls(name))
        self.assertGreaterEqual(len(found), least, f"{name}: the examples are gone, or written in another way")
        with Server(settings=["dialect.free_indices=true"]) as server:
            for command in found:
                command = re.sub(r"(http://)?(127\.0\.0\.1|localhost):8080", f"http://127.0.0.1:{server.port}", command)
                command = re.sub(r"(http://)?localhost:9200", f"http://127.0.0.1:{server.dialect_port}", command)
                command = command.split("     #")[0].replace("curl ", "curl -w '\\n%{http_code}' ", 1)
                result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
                code = result.stdout.rsplit("\n", 1)[-1]
                self.assertIn(code, ("200", "201", "202", "204"), f"{name}: {command}\n{result.stdout}{result.stderr}")

    def test_readme(self):
        self.check("README.md", 5)

    def test_payments_readme(self):
        self.check("plugins/payments/README.md", 6)

    def test_invoices_readme(self):
        self.check("plugins/invoices/README.md", 9)

    def test_logs_readme(self):
        self.check("plugins/logs/README.md", 11)

    def test_metrics_readme(self):
        self.check("plugins/metrics/README.md", 4)

    def test_dev_run(self):
        self.check("dev", 8)


if __name__ == "__main__":
    unittest.main(verbosity=2)
