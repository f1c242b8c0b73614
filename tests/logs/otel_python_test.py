"""Does the OpenTelemetry SDK for Python, unmodified, deliver what Python's logging says?"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from logs_server import CACHE, LogsCase, skip  # noqa: E402

FOLDER = os.path.join(CACHE, "opentelemetry")
SENDER = '''
import logging, sys
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http import Compression
provider = LoggerProvider(resource=Resource.create({"service.name": "py", "deployment": "blue"}))
provider.add_log_record_processor(BatchLogRecordProcessor(
    OTLPLogExporter(endpoint=sys.argv[1], compression=Compression.Gzip)))
logger = logging.getLogger("a.b")
logger.addHandler(LoggingHandler(logger_provider=provider))
logger.setLevel(logging.INFO)
for number in range(100):
    logger.warning("python line %d", number, extra={"number": number})
try:
    raise ValueError("no")
except ValueError:
    logger.exception("it broke")
provider.shutdown()
'''


class OpenTelemetryPython(LogsCase):
    def test_every_line_arrives(self):
        if not os.path.isdir(os.path.join(FOLDER, "opentelemetry")):
            installed = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", FOLDER,
                                        "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"],
                                       capture_output=True, text=True)
            if installed.returncode != 0:
                skip("opentelemetry-sdk cannot be installed: " + installed.stderr[-300:])
        sent = subprocess.run([sys.executable, "-c", SENDER, f"http://127.0.0.1:{self.server.port}/v1/logs"],
                              env={**os.environ, "PYTHONPATH": FOLDER}, capture_output=True, text=True, timeout=120)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertNotIn("Failed", sent.stderr)
        logs = self.search(service="py", size=1000)["logs"]
        self.assertEqual(len(logs), 101)
        self.assertEqual({log["level"] for log in logs}, {"warn", "error"})
        self.assertEqual(self.search(service="py", attribute=["number=42", "deployment=blue"])["logs"][0]["message"], "python line 42")
        self.assertEqual(self.search(attribute="exception.type=ValueError", size=0)["total"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
