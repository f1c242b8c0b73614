"""Does `gyre import invoices` account for every row, and do the queries give the figures that the data is known by?

The figures of Online Retail and Chinook were computed from the files by others, in exact decimals (../shared/data/README.md).
"""
import concurrent.futures
import csv
import glob
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, SOURCE, OnAServer, Server, wait_for_job  # noqa: E402

CHINOOK = os.path.join(SOURCE, "plugins/invoices/sample/ChinookData.json.gz")
SHARED = os.environ.get("GYRE_SHARED_DATA", os.path.join(SOURCE, "../shared/data"))
RETAIL = os.path.join(SHARED, "invoices/online-retail-by-day-2010-12_2011-11.tar.gz")
NUMBER_STEP = int(os.environ.get("GYRE_NUMBER_STEP", "1"))  # 1 looks for every number: 124,425 searches
CONNECTIONS = 4  # that look for them at a time
RETAIL_SECONDS = float(os.environ.get("GYRE_RETAIL_SECONDS", "0"))  # above 0: the import must not take longer


def run_import(server, *arguments):
    result = subprocess.run([PROGRAM, "import", "invoices", *arguments, "--server", f"http://127.0.0.1:{server.port}"],
                            capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)
    found = re.search(r"imported (\d+)(?:, already there (\d+))?, refused (\d+), rows (\d+)(?:, invoices (\d+))?", result.stdout)
    assert found, result
    return result, *(int(number or 0) for number in found.groups())


class ImportCase(OnAServer):
    def query(self, name, body):
        sequence = self.client.send("GET", "/readyz").json["domains"]["invoices"]["sequence"]
        answer = self.client.query(name, body, domain="invoices", Gyre_Min_Sequence=str(sequence))
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def text_file(self, text, suffix):
        file = tempfile.NamedTemporaryFile("w", suffix=suffix, delete=False)
        self.addCleanup(os.unlink, file.name)
        file.write(text)
        file.close()
        return file.name

    def verify(self):
        job = wait_for_job(self.client, self.client.send("POST", "/admin/v1/invoices/verify", {}).json)
        self.assertEqual((job["result"]["missingCount"], job["result"]["extraCount"], job["result"]["differentCount"]), (0, 0, 0), job)


class ChinookInvoices(ImportCase):
    def test_reference_answers(self):
        result, imported, _, refused, rows, invoices = run_import(self.server, CHINOOK)
        self.assertEqual((imported, refused, rows, invoices), (2240, 0, 2240, 412), result)
        answer = self.query("GetInvoiceStatistics", {"organizationId": "chinook"})
        total = answer["total"]
        self.assertEqual((total["doc_count"], total["line_count"], total["customer_count"]), (412, 2240, 59))
        self.assertEqual(total["by_currency"]["USD"]["gross"], "2328.60")
        self.assertEqual(sum(month["doc_count"] for month in answer["month_stats"]), 412)
        found = self.query("SearchInvoices", {"searchText": "luis goncalves embraer", "organizationId": "chinook"})
        self.assertEqual({hit["buyer"]["id"] for hit in found["invoices"]}, {"1"})
        _, imported, were_there, refused, _, _ = run_import(self.server, CHINOOK)
        self.assertEqual((imported, were_there, refused), (0, 2240, 0))
        self.verify()


class InvoiceFiles(ImportCase):
    HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

    def test_what_is_rough_in_a_list_is_made_whole(self):
        name = self.text_file(self.HEADER +
                              "1,A,LAMP,2,2011-01-04 10:00:00,1.25,17850.0,United Kingdom\n"
                              "C2,A,LAMP,-1,2011-01-04 10:01:00,1.25,17850.0,EIRE\n"
                              "1,B,,1,2011-01-04 09:59:00,0.0,17850.0,United Kingdom\n"
                              "3,DOT,lost,-5,2011-01-05 10:00:00,0.0,,Channel Islands\n"
                              "A4,B,Adjust bad debt,1,2011-01-06 10:00:00,-11062.06,,Unspecified\n", ".csv")
        result, imported, _, refused, _, invoices = run_import(self.server, name, "--map", "organizationId==rough")
        self.assertEqual((imported, refused, invoices), (5, 0, 4), result)
        get = lambda number: self.query("GetInvoiceById", {"invoiceId": "rough-" + number})  # noqa: E731
        first = get("1")
        self.assertEqual((first["issueDate"], first["issueTime"], first["status"]), ("2011-01-04", "09:59:00", "issued"))
        self.assertEqual([line["description"] for line in first["lines"]], ["LAMP", "B"])
        self.assertEqual(first["buyer"], {"name": "Customer 17850", "id": "17850", "country": "GB"})
        credit = get("C2")
        self.assertEqual((credit["type"], credit["lines"][0]["quantity"], credit["buyer"]["country"]), ("creditNote", 1, "IE"))
        self.assertEqual((get("3")["type"], get("3")["buyer"]), ("corrective", {"name": "Unknown customer", "country": "XC"}))
        self.assertEqual(get("A4")["totals"]["amountDue"], -11062.06)
        total = self.query("GetInvoiceStatistics", {"organizationId": "rough"})["total"]["by_currency"]["GBP"]
        self.assertEqual(total["lines_unrounded"], "-11060.81")

    def test_a_bad_row_is_told_and_the_rest_goes_on(self):
        name = self.text_file(self.HEADER +
                              "1,A,LAMP,two,2011-01-04 10:00:00,1.25,1,France\n"
                              "1,B,BULB,1,2011-01-04 10:00:00,1.25,1,France\n"
                              ",B,BULB,1,2011-01-04 10:00:00,1.25,1,France\n"
                              "2,B,BULB,1,yesterday,1.25,1,France\n"
                              "3,A,LAMP,1,2011-01-04 10:00:00,1.25,1,Atlantis\n"
                              "4,A,LAMP,1,2011-01-04 10:00:00,1.25,1,France\n"
                              "4,B,BULB,0,2011-01-04 10:00:00,1.25,1,France\n"
                              "5,A,LAMP,1,2011-01-04 10:00:00,1.25,1,France\n", ".csv")
        result, imported, _, refused, rows, _ = run_import(self.server, name, "--map", "organizationId==bad")
        self.assertEqual((imported, refused, rows), (1, 7, 8), result)
        for row, reason in ((2, "quantity: expected a decimal number"), (3, "invoice 1 is left out with its row 2"),
                            (4, "number: expected the number of an invoice"), (5, "issueDate: expected a date"),
                            (6, "BR-CL-14"), (8, "INV-QUANTITY")):
            self.assertRegex(result.stderr, re.escape(f"{name}:{row}: refused: ") + ".*" + re.escape(reason))
        self.assertEqual(self.query("GetInvoiceById", {"invoiceId": "bad-5"})["status"], "issued")

    def test_columns_can_be_mapped(self):
        name = self.text_file("Nr,Was,Menge,Preis,Satz,Land,Tag\nR1,Lampe,2,10.00,19,de,2024-05-02\n", ".csv")
        _, imported, _, refused, _, _ = run_import(
            self.server, name, *(word for pair in ("number=Nr", "description=Was", "quantity=Menge", "unitPrice=Preis", "taxRate=Satz",
                                                   "country=Land", "issueDate=Tag", "organizationId==map", "currency==EUR",
                                                   "sellerName==Lumen", "sellerCountry==DE") for word in ("--map", pair)))
        self.assertEqual((imported, refused), (1, 0))
        self.assertEqual(self.query("GetInvoiceById", {"invoiceId": "map-R1"})["totals"]["totalWithTax"], 23.8)
        result = subprocess.run([PROGRAM, "import", "invoices", self.text_file("a,b\n1,2\n", ".csv"), "--server",
                                 f"http://127.0.0.1:{self.server.port}"], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 64)
        self.assertIn("no column is known as number", result.stderr)

    def test_ndjson(self):
        body = {"organizationId": "nd", "currency": "EUR", "issueDate": "2024-05-02", "dueDate": "2024-06-01",
                "seller": {"name": "S", "country": "DE"}, "buyer": {"name": "B", "country": "FR"},
                "lines": [{"description": "x", "quantity": 1, "unitPrice": 1, "taxRate": 20}]}
        rows = [dict(body, invoiceId="nd-1", number="1"), dict(body, invoiceId="nd-2", number="2", status="draft"),
                dict(body, invoiceId="nd-3", number="1"), dict(body, invoiceId="nd-4", number="4", status="odd"),
                {"command": "CancelInvoice", "body": {"invoiceId": "nd-2", "reason": "r"}}]
        name = self.text_file("\n".join(json.dumps(row) for row in rows) + "\nnot json\n", ".ndjson")
        result, imported, _, refused, _, _ = run_import(self.server, name)
        self.assertEqual((imported, refused), (3, 3), result)
        self.assertIn(f"{name}:3: refused: duplicate_key", result.stderr)
        self.assertEqual(self.query("GetInvoiceById", {"invoiceId": "nd-1"})["status"], "issued")
        self.assertEqual(self.query("GetInvoiceById", {"invoiceId": "nd-2"})["status"], "cancelled")


@unittest.skipUnless(os.path.exists(RETAIL), "SKIPPED: ../shared/data is not there")
class OnlineRetail(unittest.TestCase):
    """516,384 lines of 24,885 invoices."""

    @classmethod
    def setUpClass(cls):
        cls.files = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.files.cleanup)
        with tarfile.open(RETAIL) as archive:
            archive.extractall(cls.files.name)
        cls.names = sorted(glob.glob(os.path.join(cls.files.name, "**", "*.csv"), recursive=True))
        cls.server = Server().start()
        cls.addClassCleanup(cls.server.__exit__)
        started = time.monotonic()
        cls.outcome = run_import(cls.server, *cls.names)
        cls.seconds = time.monotonic() - started
        print(f"\nimported in {cls.seconds:.1f} s: {cls.outcome[0].stdout.strip()}", flush=True)
        cls.wait_searchable()

    @classmethod
    def wait_searchable(cls):
        """All that was imported; what it printed speaks of the store."""
        client = cls.server.client()
        sequence = client.send("GET", "/readyz").json["domains"]["invoices"]["sequence"]
        answer = client.query("SearchInvoices", {"size": 0}, domain="invoices", Gyre_Min_Sequence=str(sequence), Gyre_Timeout="120000")
        client.close()
        assert answer.status == 200, answer

    def setUp(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def statistics(self, **body):
        answer = self.client.query("GetInvoiceStatistics", {"organizationId": "online-retail", **body}, domain="invoices")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_every_row_is_imported(self):
        result, imported, _, refused, rows, invoices = self.outcome
        self.assertEqual((imported, refused, rows, invoices), (516384, 0, 516384, 24885), result.stderr[:2000])
        if RETAIL_SECONDS > 0:
            self.assertLess(self.seconds, RETAIL_SECONDS)

    def test_reference_answers(self):
        answer = self.statistics()
        total = answer["total"]
        self.assertEqual((total["line_count"], total["doc_count"], total["credit_note_count"]), (516384, 24885, 3690))
        self.assertEqual((total["customer_count"], total["product_count"], total["country_count"]), (4331, 4067, 38))
        self.assertEqual(total["by_currency"]["GBP"]["lines_unrounded"], "9314079.924")
        self.assertEqual((total["first_issued"], total["last_issued"]), ("2010-12-01T08:26:00.000Z", "2011-11-30T17:42:00.000Z"))
        lines = sorted(((country["line_count"], country["name"]) for country in answer["country_stats"] if "name" in country), reverse=True)
        self.assertEqual(lines[:3], [(471552, "United Kingdom"), (9155, "Germany"), (8218, "France")])

    def test_groups_add_up_to_the_rows(self):
        products, months = {}, {}
        for name in self.names:
            with open(name, encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    products[row["StockCode"]] = products.get(row["StockCode"], 0) + 1
                    months[row["InvoiceDate"][:7]] = months.get(row["InvoiceDate"][:7], 0) + 1
        answer = self.statistics(size=10_000)
        self.assertEqual({one["key"]: one["line_count"] for one in answer["product_stats"]}, products)
        self.assertEqual({one["key"]: one["line_count"] for one in answer["month_stats"]}, months)
        self.assertEqual(len(answer["customer_stats"]), 4331)

    def test_numbers_are_found_five_ways(self):
        numbers = set()
        for name in self.names:
            with open(name, encoding="utf-8") as file:
                numbers |= {row["InvoiceNo"] for row in csv.DictReader(file)}
        self.assertEqual(len(numbers), 24885)
        numbers = sorted(numbers)[::NUMBER_STEP]
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            missed = list(pool.map(self.missed_of, (numbers[i::CONNECTIONS] for i in range(CONNECTIONS))))
        self.assertEqual(sum(missed, []), [])

    def missed_of(self, numbers):
        client = self.server.client()
        missed = []
        for number in numbers:
            for text in (number[:-3] + "-" + number[-3:], number[:-3] + "/" + number[-3:], number[:-3] + " " + number[-3:],
                         number.lower(), number[-4:]):
                answer = client.query("SearchInvoices", {"searchText": text, "organizationId": "online-retail"}, domain="invoices")
                if f'"number":"{number}"'.encode() not in answer.body:
                    missed.append((number, text))
        client.close()
        return missed


if __name__ == "__main__":
    unittest.main(verbosity=2)
