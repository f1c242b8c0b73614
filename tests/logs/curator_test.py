"""Does curator, unmodified, work against the server, and delete no records? A domain's age by their own retention."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import LogsCase, debian_program, skip  # noqa: E402


class Curator(LogsCase):
    SETTINGS = ("dialect.version=7.17.29", "dialect.distribution=")

    def test_no_record_is_deleted(self):
        program, environment = debian_program("python3-elasticsearch-curator", "curator",
                                              ("elasticsearch-curator", "python3-elasticsearch", "python3-voluptuous"))
        packages = os.path.join(environment.get("GYRE_SENDER_ROOT", "/"), "usr/lib/python3/dist-packages")
        environment = {**os.environ, "PYTHONPATH": packages}
        if subprocess.run([sys.executable, "-c", "import curator.cli"], env=environment, capture_output=True).returncode != 0:
            skip("what curator imports is not there")
        self.client.send("POST", "/v1/logs/records", {"message": "seen by curator"})
        with tempfile.TemporaryDirectory() as folder:
            config, actions = os.path.join(folder, "curator.yml"), os.path.join(folder, "actions.yml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"client: {{hosts: [127.0.0.1], port: {self.server.dialect_port}, timeout: 30}}\n"
                           "logging: {loglevel: INFO}\n")
            with open(actions, "w", encoding="utf-8") as file:
                file.write("actions:\n  1:\n    action: delete_indices\n    options: {ignore_empty_list: true}\n"
                           "    filters: [{filtertype: pattern, kind: prefix, value: logs}]\n")
            ran = subprocess.run([sys.executable, program, "--config", config, actions], env=environment, capture_output=True,
                                 text=True, timeout=120)
        self.assertEqual(ran.returncode, 0, ran)
        self.assertIn("completed", ran.stdout + ran.stderr)
        self.assertEqual(self.search(text="curator", size=0)["total"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
