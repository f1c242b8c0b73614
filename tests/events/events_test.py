"""What one domain does when something happened in another, and the history of an organisation over both."""
import json
import subprocess
import time
import unittest

from ledger_server import PROGRAM, LedgerServer, metric, payment, wait_for_events


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

    def letters(self, client, rest=""):
        return client.send("GET", f"/admin/v1/ledger/dead-letters{rest}")

    def kept_letters(self, client, seconds=60):
        """Once there is one: what is searchable may be so a moment before the letters of the same batch are durable."""
        deadline = time.monotonic() + seconds
        while not (letters := self.letters(client).json["deadLetters"]):
            self.assertLess(time.monotonic(), deadline, "no letter is kept")
            time.sleep(0.02)
        return letters

    def test_dead_letters_are_shown_edited_replayed_and_dropped(self):
        with LedgerServer() as server:
            client = server.client()
            for payment_id, invoice in (("p1", "refuse-1"), ("p2", "refuse-2"), ("p3", "refuse-3")):
                client.command("CreatePayment", payment(payment_id, invoice))
                client.command("ProcessPayment", {"paymentId": payment_id})
            client.command("RefundPayment", {"paymentId": "p1", "refundAmount": "0.25"})
            wait_for_events(client)
            page = self.letters(client, "?size=3").json
            self.assertEqual((page["total"], len(page["deadLetters"])), (4, 3))
            self.assertEqual([letter["entityId"] for letter in page["deadLetters"]], ["p1", "p3", "p2"])
            last = self.letters(client, f"?size=3&before={page['nextBefore']}").json
            self.assertEqual(([letter["entityId"] for letter in last["deadLetters"]], last["nextBefore"]), (["p1"], None))
            shown = self.letters(client, "/1").json
            self.assertEqual((shown["kind"], shown["source"], shown["type"], shown["code"], shown["attempts"]),
                             ("reaction", "payments", "PaymentProcessed", "account_closed", 1))
            self.assertEqual(shown["data"]["invoiceId"], "refuse-1")
            self.assertEqual(shown["reaction"]["commands"][0]["command"], "Book")

            # The cause is still there: refused again, on record.
            refused = client.send("POST", "/admin/v1/ledger/dead-letters/1/replay")
            self.assertEqual((refused.status, refused.json["code"]), (409, "still_refused"))
            self.assertEqual(self.letters(client, "/1").json["attempts"], 2)

            # Mended: the refund's letter is about the same payment, so what was paid is delivered before it.
            for letter, amount in ((1, 125), (4, -25)):
                reaction = self.letters(client, f"/{letter}").json["reaction"]
                reaction["commands"][0]["body"]["invoiceId"] = "inv-1"
                self.assertEqual(client.send("PUT", f"/admin/v1/ledger/dead-letters/{letter}", reaction).status, 200)
            replayed = client.send("POST", "/admin/v1/ledger/dead-letters/4/replay")
            self.assertEqual((replayed.status, replayed.json), (200, {"delivered": [1, 4]}))
            self.assertEqual(self.account(client, "inv-1").json["balance"], 100)

            server.stop()
            with LedgerServer(folder=server.folder) as again:  # they outlive the server
                client = again.client()
                self.assertEqual([letter["id"] for letter in self.letters(client).json["deadLetters"]], [3, 2])
                self.assertEqual(client.send("DELETE", "/admin/v1/ledger/dead-letters/3").json, {"id": 3, "dropped": True})
                self.assertEqual(client.send("DELETE", "/admin/v1/ledger/dead-letters/3").status, 404)
                self.assertEqual(metric(client, "gyre_dead_letters", domain="ledger"), 1)
                run = lambda *words: subprocess.run([PROGRAM, "dead-letters", *words, "--server", f"http://127.0.0.1:{again.port}"],
                                                    capture_output=True, text=True)
                self.assertEqual(json.loads(run("list", "ledger").stdout)["entityId"], "p2")
                self.assertEqual(json.loads(run("show", "ledger", "2").stdout)["id"], 2)
                self.assertEqual(run("replay", "ledger", "--all").returncode, 1)
                self.assertEqual(run("drop", "ledger", "2").returncode, 0)
                self.assertEqual(run("list", "ledger").stdout, "")
                self.assertEqual(run("replay", "ledger", "2").returncode, 69)
                for wrong in (("list", "ledger", "2"), ("replay", "ledger"), ("burn", "ledger"), ("edit", "ledger", "2"), ("show", "ledger", "--all")):
                    self.assertEqual(run(*wrong).returncode, 64, wrong)

    def test_what_the_index_refuses_is_a_letter_as_long_as_it_does(self):
        with LedgerServer() as server:
            client = server.client()
            for payment_id, invoice in (("p1", "odd-1"), ("p2", "inv-1")):
                client.command("CreatePayment", payment(payment_id, invoice))
                client.command("ProcessPayment", {"paymentId": payment_id})
            wait_for_events(client)
            found = client.send("GET", "/v1/activity?organizationId=org-1").json  # waits for the index
            self.assertEqual([item["id"] for item in found["activities"] if item["domain"] == "ledger"], ["inv-1"])
            letter, = self.kept_letters(client)
            self.assertEqual((letter["kind"], letter["entityId"], letter["code"], letter["attempts"]), ("projection", "odd-1", "refused_by_index", 1))
            self.assertIn("unmapped", letter["cause"])
            self.assertTrue(self.letters(client, f"/{letter['id']}").json["document"]["unmapped"])
            path = f"/admin/v1/ledger/dead-letters/{letter['id']}"
            edited = client.send("PUT", path, {"commands": [{"command": "Book", "body": {}}]})
            self.assertEqual((edited.status, edited.json["code"]), (409, "not_editable"))
            refused = client.send("POST", path + "/replay")
            self.assertEqual((refused.status, refused.json["code"]), (409, "still_refused"))
            self.assertEqual(self.letters(client, f"/{letter['id']}").json["attempts"], 2)
            self.assertEqual(metric(client, "gyre_projection_dead_letters", domain="ledger"), 1)
            self.assertEqual(self.account(client, "odd-1").json["entries"], 1)  # the store has it
            job = client.send("POST", "/admin/v1/ledger/verify", {"id": "odd-1"}).json
            self.assertEqual(job["missing"], ["odd-1"])
            server.kill()  # and so has it the letter
            with LedgerServer(folder=server.folder) as again:
                client = again.client()
                client.send("GET", "/v1/activity?organizationId=org-1")  # what the index had not committed is sent again
                self.assertGreaterEqual(self.letters(client, f"/{letter['id']}").json["attempts"], 2)
                self.assertEqual(client.send("DELETE", path).status, 200)
                self.assertEqual(self.letters(client).json["total"], 0)

    def test_faults_of_dead_letter_requests(self):
        with LedgerServer() as server:
            client = server.client()
            client.command("CreatePayment", payment("p1", "refuse-1"))
            client.command("ProcessPayment", {"paymentId": "p1"})
            wait_for_events(client)
            path = "/admin/v1/ledger/dead-letters"
            for method, rest, body, status in (("GET", "/9", None, 404), ("GET", "/x", None, 400), ("GET", "/0", None, 400),
                                               ("POST", "/9/replay", None, 404), ("DELETE", "/9", None, 404),
                                               ("PUT", "/1", "{", 400), ("PUT", "/1", {"commands": []}, 400),
                                               ("PUT", "/1", {"commands": [{"command": "Burn", "body": {}}]}, 400),
                                               ("PUT", "/9", {"commands": [{"command": "Book", "body": {}}]}, 404),
                                               ("GET", "?size=0", None, 400), ("GET", "?sise=1", None, 400), ("POST", "/1", None, 405)):
                self.assertEqual(client.send(method, path + rest, body).status, status, (method, rest, body))
            self.assertEqual(self.letters(client).json["total"], 1)


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
