"""What one domain does when something happened in another, and the history of an organisation over both."""
import unittest

from ledger_server import LedgerServer, metric, payment, wait_for_events


class EventsBetweenDomains(unittest.TestCase):
    def account(self, client, invoice):
        return client.query("GetAccount", {"invoiceId": invoice}, domain="ledger")

    def test_a_completed_payment_is_booked_and_a_refund_taken_off(self):
        with LedgerServer() as server:
            client = server.client()
            for number in range(3):
                client.command("CreatePayment", payment(f"p{number}", "inv-1"))
            self.assertEqual(client.command("CreatePayment", payment("p9")).status, 201)
            for payment_id in ("p0", "p1", "p9"):
                self.assertEqual(client.command("ProcessPayment", {"paymentId": payment_id}).status, 200)
            wait_for_events(client)
            found = self.account(client, "inv-1").json
            self.assertEqual((found["balance"], found["entries"], found["organizationId"]), (250, 2, "org-1"))
            client.command("RefundPayment", {"paymentId": "p0", "refundAmount": "0.25"})
            client.command("RefundPayment", {"paymentId": "p0", "refundAmount": "0.50"})
            wait_for_events(client)
            self.assertEqual(self.account(client, "inv-1").json["balance"], 175)
            self.assertEqual(client.query("GetPaymentById", {"paymentId": "p0"}).json["invoiceId"], "inv-1")

    def test_refused_bookings_are_kept_and_hold_nothing_up(self):
        with LedgerServer() as server:
            client = server.client()
            # The second payer is another organisation: its event must not reach the first one's account.
            for payment_id, invoice, organization in (("p1", "refuse-1", "org-1"), ("p2", "inv-1", "org-1"),
                                                      ("p3", "inv-1", "org-2"), ("p4", "inv-2", "org-2")):
                client.command("CreatePayment", payment(payment_id, invoice, organization=organization))
                client.command("ProcessPayment", {"paymentId": payment_id})
            wait_for_events(client)
            self.assertEqual(self.account(client, "inv-1").json["entries"], 1)
            self.assertEqual(self.account(client, "inv-2").json["entries"], 1)
            self.assertEqual(self.account(client, "refuse-1").status, 404)
            self.assertEqual(metric(client, "gyre_subscription_refused_total", domain="ledger", source="payments"), 2)
            self.assertEqual(client.send("GET", "/readyz").json["domains"]["ledger"]["behind_payments"], 0)

    def test_what_happens_while_the_subscriber_is_off_waits(self):
        with LedgerServer(domains=("payments",)) as server:
            client = server.client()
            client.command("CreatePayment", payment("p1", "inv-1"))
            self.assertEqual(client.command("ProcessPayment", {"paymentId": "p1"}).status, 200)
            server.stop()
            with LedgerServer(folder=server.folder) as both:
                client = both.client()
                wait_for_events(client)
                self.assertEqual(self.account(client, "inv-1").json["balance"], 125)
            with LedgerServer(domains=("ledger",), folder=server.folder) as alone:
                client = alone.client()
                self.assertEqual(self.account(client, "inv-1").json["entries"], 1)
                self.assertEqual(client.send("GET", "/readyz").status, 200)


class Activity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = LedgerServer()
        cls.server.start()
        cls.addClassCleanup(cls.server.__exit__)
        client = cls.server.client()
        lines = []
        for number in range(40):
            organization = "org-1" if number % 4 else "org-2"
            # Every ten share a time, so that ties must be settled.
            time = f"2024-01-{1 + number // 10:02}T12:00:00Z"
            body = payment(f"p{number:02}", f"inv-{number % 7}-{organization}", organization=organization)
            lines.append({"command": "CreatePayment", "time": time, "body": body})
            lines.append({"command": "ProcessPayment", "time": time.replace("T12", "T13"), "body": {"paymentId": f"p{number:02}"}})
        lines.append({"command": "RefundPayment", "time": "2024-02-01T00:00:00Z", "body": {"paymentId": "p01", "refundAmount": "0.25"}})
        lines.append({"command": "CreatePayment", "time": "2024-02-02T00:00:00Z", "body": payment("failing")})
        lines.append({"command": "FailPayment", "time": "2024-02-03T00:00:00Z", "body": {"paymentId": "failing", "error": "no money"}})
        import json
        answer = client.send("POST", "/v1/payments/commands", "\n".join(map(json.dumps, lines)), {"Content-Type": "application/x-ndjson"})
        assert all(line["status"] in (200, 201) for line in answer.lines), answer
        wait_for_events(client)

    def setUp(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def get(self, parameters, **headers):
        return self.client.send("GET", f"/v1/activity?{parameters}", headers={k.replace("_", "-"): v for k, v in headers.items()})

    def pages(self, parameters):
        items, cursor = [], None
        while True:
            answer = self.get(parameters + (f"&cursor={cursor}" if cursor else ""))
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual(answer.json["incomplete"], [])
            items += answer.json["activities"]
            cursor = answer.json["nextCursor"]
            if cursor is None:
                return items

    @staticmethod
    def names(items):
        return [(item["domain"], item["activity"], item["id"]) for item in items]

    def test_domains_are_merged_by_time(self):
        items = self.pages("organizationId=org-1&size=1000")
        # 30 payments, each created and processed; one refunded; one created and failed; 7 accounts.
        self.assertEqual(len(items), 30 * 2 + 1 + 2 + 7)
        times = [item["time"] for item in items]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertEqual({item["domain"] for item in items}, {"payments", "ledger"})
        self.assertEqual(self.names(items[:3]), [("payments", "PaymentFailed", "failing"), ("payments", "PaymentCreated", "failing"),
                                                 ("ledger", "Booked", "inv-1-org-1")])
        self.assertEqual(items[0]["summary"], "payment of 1.25 EUR failed: no money")
        self.assertEqual(items[0]["data"]["status"], "failed")
        self.assertTrue(all(item["data"]["organizationId"] == "org-1" for item in items))

    def test_pages_of_any_size_hold_the_same_once_each(self):
        whole = self.names(self.pages("organizationId=org-1&size=1000"))
        self.assertEqual(len(whole), len(set(whole)))
        for size in (1, 2, 7, 69, 70, 71):
            self.assertEqual(self.names(self.pages(f"organizationId=org-1&size={size}")), whole, f"size {size}")

    def test_ten_by_default(self):
        answer = self.get("organizationId=org-2").json
        self.assertEqual((len(answer["activities"]), answer["size"]), (10, 10))

    def test_times_bound_it(self):
        items = self.pages("organizationId=org-1&from=2024-01-02&to=2024-01-02&size=100")
        self.assertEqual({item["time"] for item in items}, {"2024-01-02T12:00:00.000Z", "2024-01-02T13:00:00.000Z"})
        exact = self.pages("organizationId=org-1&from=2024-02-03T00:00:00Z&to=2024-02-03T00:00:00Z")
        self.assertEqual(self.names(exact), [("payments", "PaymentFailed", "failing")])
        self.assertEqual(self.pages("organizationId=org-1&from=2025-01-01"), [])
        self.assertEqual(self.pages("organizationId=nobody"), [])

    def test_what_was_acknowledged_is_there(self):
        for number in range(5):
            self.client.command("CreatePayment", payment(f"fresh-{number}", organization="org-3"))
            found = self.get("organizationId=org-3").json["activities"]
            self.assertEqual(found[0]["id"], f"fresh-{number}")
        self.assertEqual(self.get("organizationId=org-3", Gyre_Timeout="0").status, 200)

    def test_bad_input(self):
        cursor = self.get("organizationId=org-1").json["nextCursor"]
        for parameters, pointer in (("", "/organizationId"), ("organizationId=", "/organizationId"),
                                    ("organizationId=a&organizationId=b", "/organizationId"),
                                    ("organizationId=org-1&from=yesterday", "/from"), ("organizationId=org-1&to=2024-02-30", "/to"),
                                    ("organizationId=org-1&from=2024-02-02&to=2024-02-01", "/from"),
                                    ("organizationId=org-1&size=0", "/size"), ("organizationId=org-1&size=1001", "/size"),
                                    ("organizationId=org-1&size=x", "/size"), ("organizationId=org-1&cursor=nonsense", "/cursor"),
                                    ("organizationId=org-1&cursor=", "/cursor"), (f"organizationId=org-1&cursor={cursor[:-2]}AA", "/cursor"),
                                    (f"organizationId=org-2&cursor={cursor}", "/cursor"),
                                    (f"organizationId=org-1&from=2024-01-01&cursor={cursor}", "/cursor"),
                                    ("organizationId=org-1&organisationId=org-1", "/organisationId"),
                                    ("organizationId=org-1&unknown=1", "/unknown")):
            answer = self.get(parameters)
            self.assertEqual((answer.status, answer.json["code"]), (400, "invalid_argument"), parameters)
            self.assertIn(pointer, [error["pointer"] for error in answer.json["errors"]], parameters)
        both = self.get("from=x&to=y").json["errors"]
        self.assertEqual({error["pointer"] for error in both}, {"/organizationId", "/from", "/to"})
        self.assertEqual(self.get("organizationId=org-1", Gyre_Timeout="soon").status, 400)
        self.assertEqual(self.client.send("POST", "/v1/activity", "{}").status, 405)
        self.assertIn("/v1/activity", self.client.send("GET", "/openapi.json").json["paths"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
