"""Does the api listener serve invoices as their README says? Over HTTP, on a real server."""
import json
import os
import sys
import unittest
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer, wait_for_job  # noqa: E402


def invoice(invoice_id, number=None, **changes):
    body = {"invoiceId": invoice_id, "organizationId": "org-1", "number": number or f"N-{invoice_id}", "currency": "EUR",
            "issueDate": "2024-05-02", "dueDate": "2024-06-01", "seller": {"name": "Lumen GmbH", "country": "DE"},
            "buyer": {"name": "Café Zoë", "id": "c-7", "country": "FR"},
            "lines": [{"productCode": "L-1", "description": "Reading lamp", "quantity": 2, "unitPrice": "10.25", "taxRate": 20},
                      {"productCode": "L-2", "description": "Bulb", "quantity": 1, "unitPrice": 4, "taxRate": 20}]}
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def line(description, quantity, price, code=None, rate=20):
    body = {"description": description, "quantity": quantity, "unitPrice": price, "taxRate": rate}
    if code:
        body["productCode"] = code
    return body


class InvoicesCase(OnAServer):
    def setUp(self):
        super().setUp()
        self.sequence = 0

    def command(self, name, body, status=None, **headers):
        answer = self.client.command(name, body, domain="invoices", **headers)
        self.assertIn(answer.status, (200, 201) if status is None else (status,), answer)
        if answer.status in (200, 201):
            self.sequence = max(self.sequence, answer.json["sequence"])
        return answer

    def create(self, invoice_id, number=None, issue=True, **changes):
        answer = self.command("CreateInvoice", invoice(invoice_id, number, **changes), 201)
        if issue:
            self.command("IssueInvoice", {"invoiceId": invoice_id})
        return answer

    def query(self, name, body, status=200):
        answer = self.client.query(name, body, domain="invoices", Gyre_Min_Sequence=str(self.sequence) if self.sequence else "0")
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def get(self, invoice_id):
        return self.query("GetInvoiceById", {"invoiceId": invoice_id})

    def found(self, text=None, **filters):
        body = dict(filters)
        if text is not None:
            body["searchText"] = text
        return [hit["invoiceId"] for hit in self.query("SearchInvoices", body)["invoices"]]


class InvoiceCommands(InvoicesCase):
    def test_life_of_an_invoice(self):
        answer = self.create("life-1", "INV-2024/001", issue=False)
        self.assertEqual(answer.json["events"], [{"type": "InvoiceCreated", "sequence": answer.json["sequence"]}])
        read = self.client.send("GET", answer.headers["Location"])
        self.assertEqual((read.status, read.json["number"], read.headers["ETag"]), (200, "INV-2024/001", '"1"'))
        self.command("IssueInvoice", {"invoiceId": "life-1"})
        self.command("PayInvoice", {"invoiceId": "life-1", "paymentId": "p-1", "amount": 10})
        self.assertEqual(self.get("life-1")["status"], "partially_paid")
        self.command("PayInvoice", {"invoiceId": "life-1", "paymentId": "p-2", "amount": "19.40"})
        found = self.get("life-1")
        self.assertEqual((found["status"], found["openAmount"], found["paidAmount"]), ("paid", 0, 29.4))
        self.command("RefundInvoicePayment", {"invoiceId": "life-1", "paymentId": "p-1", "refundAmount": 10})
        self.command("CreditInvoice", {"invoiceId": "life-1", "amount": "10.00", "reason": "late"})
        found = self.get("life-1")
        self.assertEqual((found["status"], found["openAmount"], found["creditedAmount"], found["version"]), ("paid", 0, 10, 6))

    def test_over_payment_and_transitions_are_refused(self):
        self.create("o-1")
        problem = self.command("PayInvoice", {"invoiceId": "o-1", "paymentId": "p", "amount": "29.41"}, 409).json
        self.assertEqual(problem["code"], "over_payment")
        self.assertIn("expected at most 29.40 EUR", problem["detail"])
        self.assertEqual(self.command("IssueInvoice", {"invoiceId": "o-1"}, 409).json["code"], "illegal_transition")
        self.command("CancelInvoice", {"invoiceId": "o-1", "reason": "a slip"})
        self.assertEqual(self.get("o-1")["cancelReason"], "a slip")
        self.command("PayInvoice", {"invoiceId": "nobody", "paymentId": "p", "amount": 1}, 404)

    def test_a_number_is_unique_in_its_organisation(self):
        self.create("u-1", "U/1")
        problem = self.command("CreateInvoice", invoice("u-2", "U/1"), 409).json
        self.assertEqual((problem["code"], problem["errors"][0]["pointer"]), ("duplicate_key", "/number"))
        self.assertIn('"u-1"', problem["detail"])
        self.command("CreateInvoice", invoice("u-2", "U/2"), 201)
        self.command("CreateInvoice", invoice("u-3", "U/1", organizationId="org-2"), 201)
        lines = "\n".join('{"command":"CreateInvoice","body":%s}' % json.dumps(invoice(f"u-{i}", "U/9")) for i in range(10, 15))
        answers = self.client.send("POST", "/v1/invoices/commands", lines, {"Content-Type": "application/x-ndjson"}).lines
        self.assertEqual([answer["status"] for answer in answers], [201, 409, 409, 409, 409])

    def test_faults_name_rule_expected_and_found(self):
        body = invoice("f-1", "--", dueDate="2024-01-01", currency="EURO",
                       lines=[line("x", -1, 1), dict(line("y", 1, "9" * 40), currency="USD")])
        problem = self.command("CreateInvoice", body, 400).json
        details = {error["pointer"]: error["detail"] for error in problem["errors"]}
        for pointer, rule in (("/number", "BR-02"), ("/dueDate", "INV-DATES"), ("/currency", "BR-CL-04"),
                              ("/lines/0/quantity", "INV-QUANTITY"), ("/lines/1/unitPrice", "INV-DIGITS")):
            self.assertTrue(details[pointer].startswith(rule + ": "), details)
            self.assertRegex(details[pointer], "expected|unknown")
        problem = self.command("CreateInvoice", invoice("f-1", totals={"taxTotal": "4.91"}), 400).json
        self.assertEqual(problem["errors"], [{"pointer": "/totals/taxTotal",
                                              "detail": "BR-CO-14: expected 4.90 (the sum of the tax breakdown), found 4.91"}])
        problem = self.command("CreateInvoice", invoice("f-1", lines=[line("x", 1, 1)] * 10_000), 400).json
        self.assertEqual(problem["errors"][0]["detail"], "INV-LINES: expected at most 5000 lines, found 10000")

    def test_cloud_events(self):
        self.create("e-1")
        event = {"specversion": "1.0", "id": "bank-1", "source": "/bank", "type": "InvoicePaid", "subject": "e-1",
                 "time": "2024-05-30T10:00:00Z", "data": {"paymentId": "b-1", "amount": "29.40"}}
        for _ in range(2):  # a redelivery is harmless
            answer = self.client.send("POST", "/v1/invoices/events", event, {"Content-Type": "application/cloudevents+json"})
            self.assertEqual(answer.status, 200, answer)
        found = self.get("e-1")
        self.assertEqual((found["status"], found["paidAt"], found["version"]), ("paid", "2024-05-30T10:00:00.000Z", 3))

    def test_openapi_tells_what_is_inside(self):
        schemas = self.client.send("GET", "/openapi.json").body.decode()
        for word in ("CreateInvoice", "GetInvoiceStatistics", "unitPrice", "taxBreakdown", "productCode"):
            self.assertIn(word, schemas)


class InvoiceQueries(InvoicesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls()
        case.client = cls.server.client()
        case.sequence = 0
        case.create("a", "INV-2024/0815", lines=[line("Red retro lamp", 3, "19.99", "LAMP"), line("Postage", 1, "4.90", "POST", 7)])
        case.create("b", "inv 2024-0816", buyer={"name": "Bäckerei Müller", "id": "c-8", "country": "DE"}, issueDate="2024-06-03",
                    dueDate="2024-07-03", lines=[line("Retro bread bag", 10, "1.50", "BAG")])
        case.create("c", "C999", type="creditNote", issueDate="2024-06-10", dueDate=None, paymentTerms="none",
                    lines=[line("Red retro lamp", 1, "19.99", "LAMP")])
        case.create("d", "JP-7", currency="JPY", issueDate="2024-06-20", dueDate="2024-08-01",
                    buyer={"name": "Tanaka", "id": "c-9", "country": "JP"}, lines=[line("Lamp shade", 1, 5000, "SHADE", 10)])
        case.create("e", "DRAFT-1", issue=False, lines=[line("Draft lamp", 1, 1000, "LAMP")])
        case.create("f", "OTHER-1", organizationId="org-2", lines=[line("Red lamp", 1, 1, "LAMP")])
        case.command("PayInvoice", {"invoiceId": "b", "paymentId": "p-b", "amount": 10})
        cls.last = case.sequence
        case.client.close()

    def setUp(self):
        super().setUp()
        self.sequence = self.last

    def test_numbers_are_found_however_they_are_written(self):
        for text in ("INV-2024/0815", "inv20240815", "INV 2024 0815", "inv/2024-0815", "0815", "24-0815", "2024/0815",
                     "INV\u20132024\u20130815", "inv\u00a02024\u00b70815"):
            self.assertEqual(self.found(text)[0], "a", text)
        self.assertEqual(self.found("0816")[0], "b")
        self.assertEqual(set(self.found("inv-2024")), {"a", "b"})
        self.assertEqual(set(self.found("408")), {"a", "b"})  # any part
        self.assertEqual(self.found("c-999"), ["c"])
        self.assertEqual(self.found("999 retro"), ["c"])
        self.assertEqual(self.found("31415"), [])

    def test_words_are_all_needed_and_may_be_misspelt(self):
        self.assertEqual(set(self.found("retro lamp")), {"a", "c"})
        self.assertEqual(self.found("rtero bag"), ["b"])
        self.assertEqual(self.found("backerei muller"), ["b"])
        self.assertEqual(self.found("muller retro bread"), ["b"])
        self.assertEqual(self.found("retro bread zebra"), [])
        self.assertEqual(self.found("postage", organizationId="org-1"), ["a"])

    def test_filters(self):
        org = {"organizationId": "org-1"}
        for filters, expected in (({"customers": ["c-8", "c-9"]}, "bd"), ({"countries": ["FR"]}, "ace"),
                                  ({"products": ["LAMP"]}, "ace"), ({"statuses": ["draft"]}, "e"),
                                  ({"statuses": ["partially_paid"]}, "b"), ({"types": ["creditNote"]}, "c"),
                                  ({"currencies": ["JPY"]}, "d"), ({"from": "2024-06-01", "to": "2024-06-10"}, "bc"),
                                  ({"dueFrom": "2024-07-03", "dueTo": "2024-07-31"}, "b"), ({"minAmount": 1000}, "de"),
                                  ({"maxAmount": "23.99"}, "bc"), ({"minAmount": "23.99", "maxAmount": "23.99"}, "c"),
                                  ({"overdueOn": "2024-07-04"}, "ab"), ({"overdueOn": "2024-06-01"}, "")):
            self.assertEqual("".join(sorted(self.found(**org, **filters))), expected, filters)

    def test_facets_count_all_hits(self):
        answer = self.query("SearchInvoices", {"organizationId": "org-1", "size": 0, "facets": ["status", "country", "product", "type"]})
        counts = {name: {bucket["key"]: bucket["doc_count"] for bucket in buckets} for name, buckets in answer["facets"].items()}
        self.assertEqual(counts["status"], {"issued": 3, "partially_paid": 1, "draft": 1})
        self.assertEqual(counts["country"], {"FR": 3, "DE": 1, "JP": 1})
        self.assertEqual(counts["product"], {"LAMP": 3, "POST": 1, "BAG": 1, "SHADE": 1})
        self.assertEqual(counts["type"], {"invoice": 4, "creditNote": 1})

    def test_hits_have_lines_when_asked(self):
        hit = self.query("SearchInvoices", {"searchText": "0815"})["invoices"][0]
        self.assertNotIn("lines", hit)
        self.assertEqual(hit["lineCount"], 2)
        for hidden in ("exact", "products", "issued", "productNames"):
            self.assertNotIn(hidden, hit)
        hit = self.query("SearchInvoices", {"searchText": "0815", "includeLines": True})["invoices"][0]
        self.assertEqual(hit, self.get("a"))

    def test_a_cursor_visits_every_invoice_once(self):
        seen, cursor = [], None
        while True:
            body = {"size": 2}
            if cursor:
                body["cursor"] = cursor
            page = self.query("SearchInvoices", body)
            seen += [hit["invoiceId"] for hit in page["invoices"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        self.assertEqual(seen, ["d", "c", "b", "a", "e", "f"])
        self.query("SearchInvoices", {"size": 2, "cursor": "x"}, 400)

    def test_statistics_are_exact(self):
        answer = self.query("GetInvoiceStatistics", {"organizationId": "org-1", "asOf": "2024-07-04"})
        total = answer["total"]
        self.assertEqual((total["doc_count"], total["line_count"], total["customer_count"], total["country_count"], total["credit_note_count"]),
                         (5, 6, 3, 3, 1))
        euro = total["by_currency"]["EUR"]
        self.assertEqual(euro["revenue"], "59.88")  # 59.97 + 4.90 + 15.00 - 19.99
        self.assertEqual(euro["tax"], "11.33")      # 11.99 + 0.34 + 3.00 - 4.00
        self.assertEqual(euro["gross"], "71.21")
        self.assertEqual((euro["open"], euro["overdue"], euro["paid"]), ("61.21", "85.20", "10.00"))
        self.assertEqual((euro["credit_notes"], euro["credited"]), ("-19.99", "0.00"))
        self.assertEqual(total["by_currency"]["JPY"]["gross"], "5500")
        months = {month["key"]: month["by_currency"] for month in answer["month_stats"]}
        self.assertEqual(months["2024-05"]["EUR"]["revenue"], "64.87")
        self.assertEqual(months["2024-06"]["EUR"]["revenue"], "-4.99")
        countries = {country["key"]: country for country in answer["country_stats"]}
        self.assertEqual((countries["DE"]["name"], countries["DE"]["by_currency"]["EUR"]["revenue"]), ("Germany", "15.00"))
        customers = {customer["key"]: customer for customer in answer["customer_stats"]}
        self.assertEqual(customers["c-8"]["name"], "Bäckerei Müller")
        products = {product["key"]: product for product in answer["product_stats"]}
        self.assertEqual((products["LAMP"]["by_currency"]["EUR"]["revenue"], products["LAMP"]["quantity"]), ("39.98", "2"))
        narrow = self.query("GetInvoiceStatistics", {"groupBy": ["month"], "countries": ["JP"]})
        self.assertEqual(list(narrow), ["month_stats"])

    def test_sums_beyond_doubles_are_exact(self):
        prices = ("999999999999.99", "999999999998.01", "0.03")  # times 9,999: far above 2^53 cents
        for i, price in enumerate(prices):
            self.create(f"huge-{i}", organizationId="huge", buyer={"name": "Owner", "id": "o-1", "country": "GR"},
                        lines=[line("Ship", 9999, price, "S-1", 0)])
        answer = self.query("GetInvoiceStatistics", {"organizationId": "huge", "asOf": "2024-07-01"})
        expected = str(sum(Decimal(price) for price in prices) * 9999)
        total = answer["total"]["by_currency"]["EUR"]
        for name in ("revenue", "gross", "lines", "lines_unrounded", "open", "overdue"):
            self.assertEqual(total[name], expected, name)
        for group in ("month_stats", "country_stats", "customer_stats", "product_stats"):
            self.assertEqual([one["by_currency"]["EUR"]["revenue"] for one in answer[group]], [expected], group)
        self.assertEqual(answer["product_stats"][0]["quantity"], "29997")

    def test_suggestions(self):
        texts = lambda **body: [(one["kind"], one["text"]) for one in self.query("GetInvoiceSuggestions", body)]  # noqa: E731
        self.assertEqual(texts(query="inv-20", organizationId="org-1"), [("number", "INV-2024/0815"), ("number", "inv 2024-0816")])
        self.assertEqual(texts(query="backer"), [("customer", "Bäckerei Müller")])
        self.assertEqual(texts(query="red", kinds=["product"], organizationId="org-1"), [("product", "Red retro lamp")])

    def test_bad_parameters_are_told(self):
        for body, pointer in (({"countries": ["UK"]}, "/countries/0"), ({"statuses": ["open"]}, "/statuses"),
                              ({"from": "2024-02-01", "to": "2024-01-01"}, "/from"), ({"overdueOn": "today"}, "/overdueOn"),
                              ({"page": 1001, "size": 10}, "/page"), ({"facets": ["colour"]}, "/facets")):
            problem = self.query("SearchInvoices", body, 400)
            self.assertEqual(problem["errors"][0]["pointer"], pointer, problem)

    def test_store_and_index_agree(self):
        job = wait_for_job(self.client, self.client.send("POST", "/admin/v1/invoices/verify", {}).json)
        self.assertEqual((job["result"]["missingCount"], job["result"]["extraCount"], job["result"]["differentCount"]), (0, 0, 0), job)


if __name__ == "__main__":
    unittest.main(verbosity=2)
