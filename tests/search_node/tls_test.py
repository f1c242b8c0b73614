"""Who is believed to be the search node? A server against https nodes with certificates of several kinds."""
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server  # noqa: E402

GREETING = json.dumps({"version": {"number": "2.19.6", "distribution": "opensearch"}}).encode()
REACHED = "the test serves no index"  # what the node says to everything but GET /: it was reached


class Node(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = GREETING if self.path == "/" else json.dumps({"error": REACHED}).encode()
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = answer

    def log_message(self, *_):
        pass


@unittest.skipUnless(shutil.which("openssl"), "SKIPPED: openssl is not there to make certificates")
class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="gyre-tls-")
        cls.make_authority("ca")
        cls.make_authority("stranger")
        for name, host, authority in (("node", "localhost", "ca"), ("elsewhere", "elsewhere.example", "ca"),
                                      ("client", "gyre", "ca"), ("unknown", "gyre", "stranger")):
            cls.make_certificate(name, host, authority)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=cls.folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def make_authority(cls, name):
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")

    @classmethod
    def make_certificate(cls, name, host, authority):
        cls.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={host}",
                    "-keyout", f"{name}.key", "-out", f"{name}.csr")
        with open(cls.path(f"{name}.ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName=DNS:{host}\n")
        cls.openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
                    "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def node(self, certificate="node", asks_for_one=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(f"{certificate}.pem"), self.path(f"{certificate}.key"))
        if asks_for_one:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path("ca.pem"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"https://localhost:{server.server_address[1]}"

    def detail(self, url, *settings):
        """What /readyz says is wrong."""
        with Server(settings=["search.engine=opensearch", f"search.urls={url}", *settings]) as server:
            client = server.client()
            answer = client.send("GET", "/readyz")
            client.close()
            self.assertEqual(answer.status, 503)
            return answer.json["domains"]["payments"]["detail"]

    def test_a_certificate_of_a_known_authority(self):
        self.assertIn(REACHED, self.detail(self.node(), f"search.ca_file={self.path('ca.pem')}"))

    def test_a_certificate_of_another_authority(self):
        for settings in ([f"search.ca_file={self.path('stranger.pem')}"], []):
            self.assertIn("certificate verify failed", self.detail(self.node(), *settings))
        self.assertIn(REACHED, self.detail(self.node(), "search.verify_certificates=false"))

    def test_a_certificate_of_another_host(self):
        detail = self.detail(self.node("elsewhere"), f"search.ca_file={self.path('ca.pem')}")
        self.assertIn("localhost", detail)
        self.assertNotIn(REACHED, detail)

    def test_our_own_certificate(self):
        trust = f"search.ca_file={self.path('ca.pem')}"
        ours = [f"search.certificate_file={self.path('client.pem')}", f"search.key_file={self.path('client.key')}"]
        wrong = [f"search.certificate_file={self.path('unknown.pem')}", f"search.key_file={self.path('unknown.key')}"]
        self.assertIn(REACHED, self.detail(self.node(asks_for_one=True), trust, *ours))
        for given in ([], wrong):
            self.assertNotIn(REACHED, self.detail(self.node(asks_for_one=True), trust, *given))


if __name__ == "__main__":
    unittest.main(verbosity=2)
