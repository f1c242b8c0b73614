"""Does `gyre import payments` account for every row, and is what it imports exact to the penny?"""
import csv
import decimal
import glob
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, Server, wait_for_job  # noqa: E402

SAMPLE = sorted(glob.glob(os.path.join(SOURCE, "plugins/payments/sample/*.csv.gz")))
SHARED = sorted(glob.glob(os.path.join(SOURCE, "../shared/data/payments/oxford-expenditure-over-500/*.csv.gz")))


def run_import(server, *arguments):
    result = subprocess.run([PROGRAM, "import", "payments", *arguments, "--server", f"http://127.0.0.1:{server.port}"],
                            capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    found = re.search(r"imported (\d+)(?:, already there (\d+))?, refused (\d+), rows (\d+)", result.stdout)
    assert found, result
    return result, *(int(number or 0) for number in found.groups())


def amounts(files):
    for name in files:
        with gzip.open(name, "rb") as file:
            for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")):
                text = next(value for key, value in row.items() if key.strip().lower() == "amount")
                if text:
                    yield decimal.Decimal(text)


def net(client, sequence):
    """The net of all currencies, as the statistics report it."""
    found = client.query("GetPaymentStatistics", {}, Gyre_Min_Sequence=str(sequence)).json
    return sum(decimal.Decimal(bucket["by_currency"]["GBP"]["net_amount"]) for bucket in found["currency_stats"])


class ImportCase(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.__exit__)
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def last_sequence(self):
        return self.client.send("GET", "/readyz").json["domains"]["payments"]["sequence"]

    def text_file(self, text, suffix):
        file = tempfile.NamedTemporaryFile("w", suffix=suffix, delete=False)
        self.addCleanup(os.unlink, file.name)
        file.write(text)
        file.close()
        return file.name

    def check_whole(self, files):
        expected = list(amounts(files))
        result, imported, _, refused, rows = run_import(self.server, *files)
        self.assertEqual(result.returncode, 0, result)
        self.assertEqual(imported, sum(1 for amount in expected if amount != 0))
        self.assertEqual(rows, imported + refused)
        self.assertEqual(len(result.stderr.splitlines()), refused, result.stderr)
        self.assertEqual(net(self.client, self.last_sequence()), sum(expected))
        return result, refused


class OxfordImport(ImportCase):
    def test_all_oxford_payments(self):
        if not SHARED:
            self.skipTest("SKIPPED: ../shared/data is not there")
        result, refused = self.check_whole(SHARED)
        self.assertEqual(refused, 2, result.stderr)  # the filler row and the one amount of zero
        self.assertIn("expenditure-over-500-jan-mar-2014.csv.gz:3861:", result.stderr)
        self.assertEqual(net(self.client, self.last_sequence()), decimal.Decimal("228210155.40"))
        self.assertEqual(self.client.query("SearchPayments", {"size": 0}).json["total"], 61528 - 84 - 1)


class Import(ImportCase):
    def test_sample_is_exact_and_repeatable(self):
        self.check_whole(SAMPLE)
        before = self.last_sequence()
        _, imported, were_there, refused, _ = run_import(self.server, *SAMPLE)
        self.assertEqual(refused, 0)
        self.assertGreater(were_there, 7000)
        self.assertEqual(self.last_sequence(), before, "an import repeated wrote something")
        job = wait_for_job(self.client, self.client.send("POST", "/admin/v1/payments/verify", {}).json)
        self.assertEqual((job["result"]["missingCount"], job["result"]["extraCount"], job["result"]["differentCount"]), (0, 0, 0), job)

    def test_credit_notes_find_payments_of_an_earlier_import(self):
        header = "Trans No,Amount,Paid Date,Supplier Name\n"
        payments = self.text_file(header + "t-1,100.00,01/02/2017,ACME LTD\nt-2,30.00,02/02/2017,Acme Ltd \nt-3,500,03/02/2017,OTHER\n", ".csv")
        credits = self.text_file(header + "c-1,-110.00,05/02/2017,ACME LTD\nc-2,-20.01,06/02/2017,ACME LTD\nc-3,5.00,06/02/2017,NEW\n", ".csv")
        run_import(self.server, payments)
        result, imported, were_there, refused, _ = run_import(self.server, credits)
        self.assertEqual((imported, were_there, refused), (2, 0, 1), result)
        self.assertIn(f"{credits}:3: refused: credit note c-2 of 20.01", result.stderr)
        self.assertEqual(net(self.client, self.last_sequence()), decimal.Decimal("525.00"))
        before = self.last_sequence()
        _, imported, were_there, refused, _ = run_import(self.server, credits)
        self.assertEqual((imported, were_there, refused), (0, 3, 0))
        self.assertEqual(self.last_sequence(), before)

    def test_refused_rows_are_named_and_the_rest_goes_on(self):
        name = self.text_file('paymentId,organizationId,amount,currency,description\n'
                              'r-1,o,10.00,EUR,"a ""quoted"" text, with comma"\n'
                              'r-2,o,10.001,EUR,three decimals\n'
                              ',o,5,EUR,no id\n'
                              'r-4,o,ten,EUR,no number\n'
                              'r-5,o,-3,EUR,a credit of nothing\n'
                              'r-6,o,7,EUR,"two\nlines"\n', ".csv")
        result, imported, _, refused, _ = run_import(self.server, name)
        self.assertEqual((imported, refused), (2, 4), result)
        for line in (3, 4, 5, 6):
            self.assertIn(f"{name}:{line}: refused: ", result.stderr)
        found = self.client.query("GetPaymentById", {"paymentId": "r-1"}).json
        self.assertEqual(found["description"], 'a "quoted" text, with comma')
        self.assertEqual(self.client.query("GetPaymentById", {"paymentId": "r-6"}).json["description"], "two\nlines")

    def test_columns_can_be_mapped(self):
        name = self.text_file("Ref;ignored\n", ".csv")
        result = subprocess.run([PROGRAM, "import", "payments", name, "--server", f"http://127.0.0.1:{self.server.port}"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 64, result)
        self.assertIn("--map", result.stderr)
        name = self.text_file("Ref,Sum\nx-1,12.50\n", ".csv")
        _, imported, _, refused, _ = run_import(self.server, name, "--map", "paymentId=ref", "--map", "amount=Sum",
                                                "--map", "organizationId==org-map", "--map", "currency==SEK")
        self.assertEqual((imported, refused), (1, 0))
        self.assertEqual(self.client.query("GetPaymentById", {"paymentId": "x-1"}).json["organizationId"], "org-map")

    def test_ndjson_with_states(self):
        rows = [{"paymentId": f"n-{status}", "organizationId": "o", "amount": 12.5, "currency": "EUR", "status": status,
                 "processedAt": "2024-05-01T10:00:00Z", "metadata": {"tags": ["a"]}}
                for status in ("pending", "completed", "failed", "refunded")]
        name = self.text_file("\n".join(json.dumps(row) for row in rows) + "\nnot json\n", ".ndjson")
        _, imported, _, refused, _ = run_import(self.server, name)
        self.assertEqual((imported, refused), (4, 1))
        for status in ("pending", "completed", "failed", "refunded"):
            self.assertEqual(self.client.query("GetPaymentById", {"paymentId": f"n-{status}"}).json["status"], status)

    def test_dry_run_sends_nothing(self):
        before = self.last_sequence()
        result = subprocess.run([PROGRAM, "import", "payments", SAMPLE[0], "--dry-run"], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result)
        self.assertIn("would import", result.stdout)
        self.assertEqual(self.last_sequence(), before)


class WithoutAServer(unittest.TestCase):
    def test_import_with_a_configuration(self):
        with tempfile.TemporaryDirectory() as folder:
            result = subprocess.run([PROGRAM, "import", "payments", SAMPLE[0], "--config", os.path.join(SOURCE, "config/gyre.yaml"),
                                     "--set", f"data.dir={folder}"], capture_output=True, text=True, timeout=300)
            self.assertEqual(result.returncode, 0, result)
            with Server(folder=folder) as server:
                client = server.client()
                self.assertGreater(client.query("SearchPayments", {"size": 0}).json["total"], 3000)
                client.close()

    def test_unreachable_server_is_told(self):
        result = subprocess.run([PROGRAM, "import", "payments", SAMPLE[0], "--server", "http://127.0.0.1:1"],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 69, result)


if __name__ == "__main__":
    unittest.main(verbosity=2)
