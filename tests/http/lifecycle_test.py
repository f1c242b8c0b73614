"""How does the program start, stop and refuse? Exit codes, locks, signals, half-sent requests."""
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, Client, Server  # noqa: E402


with open(PROGRAM, "rb") as file:
    program = file.read()
    SANITIZED = b"__asan_init" in program or b"__tsan_init" in program


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def fill_log_pipe(server):
    """Until a writer of standard error would have to wait for a reader."""
    pipe = os.open(f"/proc/{server.process.pid}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
    try:
        while True:
            os.write(pipe, b"x" * 4096)
    except BlockingIOError:
        os.close(pipe)


class Configuration(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            return run("check", "--config", file.name), os.path.basename(file.name)

    def test_shipped_files_are_fine(self):
        for name in ("gyre.yaml", "gyre.dev.yaml"):
            result = run("check", "--config", os.path.join(SOURCE, "config", name))
            self.assertEqual(result.returncode, 0, result)

    def test_all_faults_at_once_with_position_and_nearest_key(self):
        result, name = self.check("api:\n  lisen: 127.0.0.1:1\n  loops: many\ndata:\n  dir: 7\n")
        self.assertEqual(result.returncode, 78, result)
        for part in (f"{name}:2:3", "api.listen", f"{name}:3:10", "api.loops"):
            self.assertIn(part, result.stderr)

    def test_usage(self):
        self.assertEqual(run("--version").returncode, 0)
        self.assertIn("serve", run("--help").stdout)
        self.assertEqual(run("nonsense").returncode, 64)
        self.assertEqual(run("serve", "--nonsense").returncode, 64)
        self.assertEqual(run("import", "payments").returncode, 64)

    def test_plugins(self):
        self.assertIn("payments", run("plugins").stdout)


class IndexCheck(unittest.TestCase):
    def files(self, folder, name):
        return [os.path.join(at, name) for at, _, names in os.walk(folder) if name in names]

    def test_sound_in_use_and_damaged(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(folder, settings=["dialect.free_indices=true"]) as server:
                dialect = Client(int(re.search(r"dialect: http://127\.0\.0\.1:(\d+)", server.log).group(1)))
                self.assertEqual(dialect.send("PUT", "/checked", {}).status, 200)
                dialect.close()
                self.assertEqual(run("index", "check", folder).returncode, 75)
            result = run("index", "check", folder)
            self.assertEqual(result.returncode, 0, result)
            self.assertIn("all sound", result.stdout)
            commit = self.files(folder, "commit")[0]
            with open(commit, "r+b") as file:
                file.seek(12)
                byte = file.read(1)
                file.seek(12)
                file.write(bytes([byte[0] ^ 4]))
            # The folder of one index, or one above it.
            for checked in (folder, os.path.dirname(commit)):
                result = run("index", "check", checked)
                self.assertEqual(result.returncode, 1, result)
                self.assertIn("commit: byte", result.stdout)
            self.assertIn("1 damaged", result.stdout)

    def test_usage(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("index", "check", folder).returncode, 69)
            self.assertEqual(run("index", "mend", folder).returncode, 64)
            self.assertEqual(run("index", "check").returncode, 64)


class Serving(unittest.TestCase):
    def test_second_server_on_the_same_data_is_refused(self):
        with Server() as server:
            second = run("serve", "--set", f"data.dir={server.folder}", "--set", "api.listen=127.0.0.1:0", "--set", "dialect.listen=127.0.0.1:0")
            self.assertEqual(second.returncode, 75, second)
            self.assertIn(str(server.process.pid), second.stderr)

    def test_public_address_without_keys_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            result = run("serve", "--set", f"data.dir={folder}", "--set", "api.listen=0.0.0.0:0")
            self.assertEqual(result.returncode, 78, result)
            self.assertIn("loopback", result.stderr)

    def test_port_in_use_is_told(self):
        with Server() as server, tempfile.TemporaryDirectory() as folder, socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = run("serve", "--set", f"data.dir={folder}", "--set", f"api.listen=127.0.0.1:{port}")
            self.assertEqual(result.returncode, 69, result)
            self.assertIn(str(port), result.stderr)

    def test_data_survives_a_graceful_stop(self):
        with tempfile.TemporaryDirectory() as folder:
            for expected in (404, 200):
                with Server(folder=folder) as server:
                    client = server.client()
                    self.assertEqual(client.query("GetPaymentById", {"paymentId": "kept"}).status, expected)
                    client.command("CreatePayment", {"paymentId": "kept", "organizationId": "o", "amount": 1, "currency": "EUR"})
                    client.close()

    def test_stop_answers_what_is_in_flight(self):
        with Server() as server:
            outcomes, under_way = [], threading.Barrier(9, timeout=60)

            def work(number):
                client = server.client()
                try:
                    for i in range(1000):
                        outcomes.append(client.command("CreatePayment", {"paymentId": f"s{number}-{i}", "organizationId": "o", "amount": 1, "currency": "EUR"}).status)
                        if i == 0:
                            under_way.wait()
                except (OSError, http.client.HTTPException):
                    pass  # the connection was closed between two requests
                finally:
                    client.close()

            threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            under_way.wait()
            server.stop()
            for thread in threads:
                thread.join()
            self.assertTrue(set(outcomes) <= {201, 503}, set(outcomes))
            self.assertGreaterEqual(outcomes.count(201), 8)

    @unittest.skipIf(SANITIZED, "a sanitizer tells of signals itself")
    def test_a_fatal_signal_is_told_and_what_was_acknowledged_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder).start()
            client = server.client()
            body = {"paymentId": "p-1", "organizationId": "o", "amount": "1.00", "currency": "EUR", "description": "x"}
            self.assertEqual(client.command("CreatePayment", body).status, 201)
            client.close()
            server.process.send_signal(signal.SIGSEGV)
            server.stop(expected=-signal.SIGSEGV)
            self.assertRegex(server.log, r"gyre \d+\.\d+\.\d+: fatal SIGSEGV; the calls that led here:\n.*\bgyre\b.*\n")
            with Server(folder) as again:
                client = again.client()
                self.assertEqual(client.query("GetPaymentById", {"paymentId": "p-1"}).status, 200)
                client.close()

    @unittest.skipIf(SANITIZED, "a sanitizer tells of signals itself")
    def test_a_fatal_signal_ends_it_though_nobody_reads_its_log(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder).start()
            fill_log_pipe(server)
            server.process.send_signal(signal.SIGSEGV)
            self.assertEqual(server.process.wait(timeout=60), -signal.SIGSEGV)
            server.process.stderr.close()

    def test_nobody_waits_for_a_reader_of_the_log(self):
        with Server() as server:
            fill_log_pipe(server)
            client = server.client()
            # Each tells of itself, first on the thread of a request.
            for _ in range(3):
                for action in ("disable", "enable"):
                    answer = client.send("POST", f"/admin/v1/plugins/invoices/{action}")
                    self.assertEqual(answer.status, 200, answer)
            server.process.send_signal(signal.SIGHUP)
            body = {"paymentId": "p-1", "organizationId": "o", "amount": "1.00", "currency": "EUR", "description": "x"}
            created = client.command("CreatePayment", body)
            self.assertEqual(created.status, 201)
            found = client.query("SearchPayments", {"searchText": "x"},
                                 Gyre_Min_Sequence=str(created.json["sequence"]))
            self.assertEqual(found.status, 200, found)
            client.close()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=60), 0)  # nobody has read a byte
            server.process.stderr.close()

    def test_hangup_reloads_and_keeps_serving(self):
        with Server() as server:
            client = server.client()
            server.process.send_signal(signal.SIGHUP)
            self.assertEqual(client.send("GET", "/healthz").status, 200)
            client.close()


class RawBytes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=["limits.body_timeout=1s", "limits.header_timeout=1s"]).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def exchange(self, data, half_close=False):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as connection:
            try:
                connection.sendall(data)
            except OSError:
                pass  # refused before all was read
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while chunk := connection.recv(65536):
                    answer += chunk
            except ConnectionResetError:
                pass
            return answer

    def status(self, data, **how):
        answer = self.exchange(data, **how)
        return int(answer.split(b" ", 2)[1]) if answer else None

    def test_refused_shapes(self):
        post = b"POST /v1/payments/commands/CreatePayment HTTP/1.1\r\nHost: x\r\n"
        for data, expected in (
                (post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                (post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
                (post + b"Content-Length: -1\r\n\r\n", 400),
                (b"GET / HTTP/1.1\r\n\r\n", 400),
                (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505),
                (post + b"Content-Length: 99999999999\r\n\r\n", 413),
                (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"H%d: v\r\n" % i for i in range(100000)) + b"\r\n", 431),
                (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414)):
            self.assertEqual(self.status(data), expected, data[:80])

    def test_half_sent_and_short_requests_end(self):
        self.assertIn(self.status(b"GET / HTTP/1.1\r\nHo"), (408, None))
        self.assertIn(self.status(b"POST /v1/payments/commands/CreatePayment HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{}"), (408, None))

    def test_server_is_well_afterwards(self):
        client = self.server.client()
        self.assertEqual(client.send("GET", "/healthz").status, 200)
        client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
