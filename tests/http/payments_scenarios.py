"""Does the api listener answer as the contract says? Every payments row, over HTTP, on a real server."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import OnAServer, wait_for_job  # noqa: E402


def payment(payment_id, **changes):
    body = {"paymentId": payment_id, "organizationId": "org-456", "userId": "user-789", "amount": 100.00,
            "currency": "EUR", "description": "Test payment", "metadata": {"source": "test"}}
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


class PaymentsCase(OnAServer):
    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer

    def problem(self, answer, status, code, *pointers):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], "application/problem+json")
        problem = answer.json
        self.assertEqual((problem["status"], problem["code"]), (status, code), problem)
        for name in ("type", "title", "detail", "requestId"):
            self.assertTrue(problem[name], problem)
        found = {error["pointer"] for error in problem.get("errors", [])}
        self.assertTrue(set(pointers) <= found, f"{pointers} not in {problem}")
        return problem

    def create(self, payment_id, **changes):
        return self.ok(self.client.command("CreatePayment", payment(payment_id, **changes)), 201)

    def searched(self, sequence, name, body):
        return self.ok(self.client.query(name, body, Gyre_Min_Sequence=str(sequence))).json


class SeedIntegrationTests(PaymentsCase):
    """The two integration tests of the document that the product implements."""

    def test_command_query_separation(self):
        self.create("payment-123")
        found = self.ok(self.client.query("GetPaymentById", {"paymentId": "payment-123"})).json
        self.assertEqual(found["paymentId"], "payment-123")
        self.assertEqual(found["amount"], 100.00)

    def test_search_functionality(self):
        organization = "org-search"
        self.create("payment-1", organizationId=organization, amount=100.00)
        self.create("payment-2", organizationId=organization, amount=200.00, currency="USD")
        last = self.create("payment-3", organizationId="org-789", amount=300.00)
        found = self.searched(last.json["sequence"], "SearchPayments", {"organizationId": organization, "size": 10})
        self.assertEqual(len(found["payments"]), 2)
        self.assertEqual(found["total"], 2)


class Commands(PaymentsCase):
    def test_answer_of_a_created_payment(self):
        answer = self.create("c-1")
        body = answer.json
        self.assertEqual((body["id"], body["version"]), ("c-1", 1))
        self.assertEqual(body["events"], [{"type": "PaymentCreated", "sequence": body["sequence"]}])
        self.assertEqual(answer.headers["ETag"], '"1"')
        self.assertEqual(answer.headers["Gyre-Sequence"], str(body["sequence"]))
        read = self.client.send("GET", answer.headers["Location"])
        self.assertEqual(self.ok(read).json["paymentId"], "c-1")
        self.assertEqual(read.headers["ETag"], '"1"')

    def test_life_of_a_payment(self):
        self.create("life-1", amount="100.00")
        self.assertEqual(self.ok(self.client.command("ProcessPayment", {"paymentId": "life-1"})).json["version"], 2)
        self.ok(self.client.command("RefundPayment", {"paymentId": "life-1", "refundAmount": "30.00"}))
        self.ok(self.client.command("RefundPayment", {"paymentId": "life-1", "refundAmount": 70}))
        found = self.client.query("GetPaymentById", {"paymentId": "life-1"}).json
        self.assertEqual((found["status"], found["refundAmount"], found["version"]), ("refunded", 100, 4))
        refused = self.client.command("RefundPayment", {"paymentId": "life-1", "refundAmount": "0.01"})
        problem = self.problem(refused, 409, "refund_exceeds_amount")
        self.assertIn("100.00", problem["detail"])

    def test_illegal_transitions_name_state_and_event(self):
        self.create("t-1")
        problem = self.problem(self.client.command("RefundPayment", {"paymentId": "t-1", "refundAmount": 1}), 409, "illegal_transition")
        self.assertIn("pending", problem["detail"])
        self.ok(self.client.command("FailPayment", {"paymentId": "t-1", "error": "card declined"}))
        self.problem(self.client.command("ProcessPayment", {"paymentId": "t-1"}), 409, "illegal_transition")
        found = self.client.query("GetPaymentById", {"paymentId": "t-1"}).json
        self.assertEqual((found["status"], found["error"]), ("failed", "card declined"))
        self.assertTrue(found["failedAt"])

    def test_creating_twice_conflicts(self):
        self.create("twice")
        self.assertEqual(self.client.command("CreatePayment", payment("twice")).status, 409)

    def test_missing_payment_is_not_found(self):
        self.problem(self.client.command("ProcessPayment", {"paymentId": "nobody"}), 404, "not_found")
        self.problem(self.client.query("GetPaymentById", {"paymentId": "nobody"}), 404, "not_found")

    def test_unknown_names(self):
        problem = self.client.command("CreatePaymnt", payment("x"))
        self.assertEqual(problem.status, 404)
        self.assertIn("CreatePayment", problem.json["detail"])
        self.assertEqual(self.client.query("Nothing").status, 404)
        self.problem(self.client.send("POST", "/v1/nodomain/commands/X", {}), 404, "unknown_domain")
        self.problem(self.client.send("GET", "/nowhere"), 404, "unknown_path")
        answer = self.client.send("DELETE", "/v1/payments/commands/CreatePayment")
        self.problem(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "POST")

    def test_optimistic_concurrency(self):
        self.create("m-1")
        problem = self.problem(self.client.command("ProcessPayment", {"paymentId": "m-1"}, If_Match='"7"'), 412, "version_mismatch")
        self.assertIn("7", problem["detail"])
        self.assertIn("1", problem["detail"])
        self.assertEqual(self.client.command("ProcessPayment", {"paymentId": "m-1"}, If_Match="seven").status, 400)
        self.ok(self.client.command("ProcessPayment", {"paymentId": "m-1"}, If_Match='"1"'))

    def test_idempotency_key(self):
        first = self.client.command("CreatePayment", payment("i-1"), Idempotency_Key="k-1")
        reordered = dict(reversed(list(payment("i-1").items())))
        again = self.client.command("CreatePayment", reordered, Idempotency_Key="k-1")
        self.assertEqual((first.status, again.status), (201, 201))
        self.assertEqual(first.json, again.json)
        self.assertIsNone(first.headers["Idempotency-Replayed"])
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        other = self.client.command("CreatePayment", payment("i-2"), Idempotency_Key="k-1")
        self.problem(other, 422, "idempotency_key_reused")
        self.assertEqual(self.client.command("CreatePayment", payment("i-3"), Idempotency_Key="k" * 256).status, 400)

    def test_refusals_are_stored_too_but_not_found_is_not(self):
        self.create("i-10")
        for expected in (None, "true"):
            answer = self.client.command("CreatePayment", payment("i-10"), Idempotency_Key="k-10")
            self.assertEqual((answer.status, answer.headers["Idempotency-Replayed"]), (409, expected))
        self.assertEqual(self.client.command("ProcessPayment", {"paymentId": "i-11"}, Idempotency_Key="k-11").status, 404)
        self.create("i-11")
        self.assertEqual(self.client.command("ProcessPayment", {"paymentId": "i-11"}, Idempotency_Key="k-11").status, 200)

    def test_batch_answers_each_line(self):
        lines = [json.dumps({"command": "CreatePayment", "idempotencyKey": "b1", "body": payment("b-1")}),
                 "this is not JSON",
                 json.dumps({"command": "CreatePayment", "body": payment("b-1")}),
                 json.dumps({"command": "Nonsense", "body": {}}),
                 json.dumps({"command": "ProcessPayment", "body": {"paymentId": "b-1"}})]
        answer = self.ok(self.client.send("POST", "/v1/payments/commands", "\n".join(lines),
                                          {"Content-Type": "application/x-ndjson"}))
        found = answer.lines
        self.assertEqual([line["line"] for line in found], [1, 2, 3, 4, 5])
        self.assertEqual([line["status"] for line in found], [201, 400, 409, 404, 200])
        self.assertIn("line 2", found[1]["problem"]["detail"])
        self.assertEqual((found[0]["id"], found[0]["version"]), ("b-1", 1))
        replay = self.client.send("POST", "/v1/payments/commands", lines[0], {"Content-Type": "application/x-ndjson"})
        self.assertEqual((replay.lines[0]["status"], replay.lines[0]["sequence"]), (201, found[0]["sequence"]))
        self.assertEqual(self.client.send("POST", "/v1/payments/commands", lines[0], {"Content-Type": "text/plain"}).status, 415)


class Events(PaymentsCase):
    def event(self, event_id, **changes):
        event = {"specversion": "1.0", "id": event_id, "source": "/bank", "type": "PaymentProcessed",
                 "subject": "e-1", "time": "2024-02-29T12:00:00.500Z", "data": {}}
        event.update(changes)
        return {name: value for name, value in event.items() if value is not None}

    def send(self, event, kind="application/cloudevents+json"):
        return self.client.send("POST", "/v1/payments/events", json.dumps(event), {"Content-Type": kind})

    def test_event_and_its_redelivery(self):
        self.create("e-1")
        first = self.ok(self.send(self.event("1")))
        again = self.ok(self.send(self.event("1")))
        self.assertEqual(first.json, again.json)
        found = self.client.query("GetPaymentById", {"paymentId": "e-1"}).json
        self.assertEqual((found["status"], found["processedAt"], found["version"]), ("completed", "2024-02-29T12:00:00.500Z", 2))
        self.ok(self.send(self.event("2", type="PaymentRefunded", data={"refundAmount": 25.5})))
        self.assertEqual(self.client.query("GetPaymentById", {"paymentId": "e-1"}).json["refundAmount"], 25.5)

    def test_batch_of_events(self):
        self.create("e-2")
        events = [self.event("10", subject="e-2"), self.event("11", subject="e-2", type="PaymentFailed", data={"error": "late"}),
                  {"id": "12"}, self.event("13", subject="nobody")]
        answer = self.ok(self.send(events, "application/cloudevents-batch+json"))
        self.assertEqual([item["status"] for item in answer.json], [200, 409, 400, 404])

    def test_faults(self):
        answer = self.send(self.event("20", type="PaymentExploded"))
        self.assertEqual(answer.status, 400)
        self.assertIn("PaymentProcessed", answer.json["detail"])
        self.problem(self.send(self.event("21", specversion="0.3")), 400, "invalid_argument", "/specversion")
        self.problem(self.send(self.event("22", subject=None, source=None)), 400, "invalid_argument", "/subject", "/source")
        self.problem(self.send(self.event("23", time="yesterday")), 400, "invalid_argument", "/time")
        self.assertEqual(self.send(self.event("24", type="PaymentCreated")).status, 400)
        self.assertEqual(self.send(self.event("25"), "application/json").status, 415)


class BadInput(PaymentsCase):
    def create_raw(self, text):
        return self.client.send("POST", "/v1/payments/commands/CreatePayment", text, {"Content-Type": "application/json"})

    def test_every_fault_is_named_at_once(self):
        answer = self.client.command("CreatePayment", {"organizationId": "", "amount": "1.234", "currency": "EUR", "colour": "red"})
        self.problem(answer, 400, "invalid_argument", "/paymentId", "/organizationId", "/amount", "/colour")

    def test_malformed_bodies(self):
        for text in ("", "{", "[1,2]", "{\"paymentId\":NaN}", "{\"a\":1,\"a\":2}", "\"text\"", "{\"a\":\"\xff\"}".encode("latin-1"),
                     "[" * 100 + "]" * 100, "{\"a\":" * 70 + "1" + "}" * 70):
            self.problem(self.create_raw(text), 400, self.create_raw(text).json["code"])

    def test_amounts(self):
        for amount in ("0", "-1", "1e2", "1.000", "1234567890123456789", "abc", "", " 1", "+1", "01", ".5", "1."):
            answer = self.client.command("CreatePayment", payment("bad-amount", amount=amount))
            self.problem(answer, 400, answer.json["code"], "/amount")
        for amount in ("1e400", "NaN", "Infinity", "-0"):
            answer = self.create_raw(json.dumps(payment("bad-amount", amount=0)).replace(": 0,", f": {amount},"))
            self.assertEqual(answer.status, 400, (amount, answer))
        for amount, currency in (("0.01", "EUR"), (100.10, "EUR"), ("5", "JPY"), ("1.234", "BHD"), ("9999999999999999.99", "EUR")):
            self.create(f"good-{amount}-{currency}", amount=amount, currency=currency)
        answer = self.client.command("CreatePayment", payment("bad-yen", amount="5.5", currency="JPY"))
        self.problem(answer, 400, answer.json["code"], "/amount")
        answer = self.client.command("CreatePayment", payment("bad-currency", currency="EUX"))
        self.problem(answer, 400, answer.json["code"], "/currency")

    def test_large_amounts_come_back_exactly(self):
        self.create("exact", amount="9999999999999999.99")
        answer = self.client.query("GetPaymentById", {"paymentId": "exact"})
        self.assertIn(b'"amount":9999999999999999.99', answer.body)

    def test_ids(self):
        for bad in ("", "a" * 257, "tab\there", "nul\u0000", "del\u007f", "c1\u0085"):
            self.problem(self.client.command("CreatePayment", payment(bad)), 400, "invalid_argument", "/paymentId")
        self.create("é" * 128)

    def test_large_body_is_refused(self):
        answer = self.create_raw(json.dumps(payment("big", description="x" * 10_000_000)))
        self.problem(answer, 413, answer.json["code"])


class Queries(PaymentsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        client = cls.server.client()
        rows = [("q-1", "org-q", "10.10", "EUR", "Rent for the harbour office", "completed", "2024-03-01T08:00:00Z"),
                ("q-2", "org-q", "20.20", "EUR", "Harbour dredging and rent", "completed", "2024-03-01T23:30:00Z"),
                ("q-3", "org-q", "0.70", "USD", "Coffee machine", "failed", "2024-03-02T10:00:00Z"),
                ("q-4", "org-q", "1000", "JPY", "Harbour lights", "pending", "2024-03-03T10:00:00Z"),
                ("q-5", "org-other", "0.10", "EUR", "Harbour toll", "completed", "2024-03-04T10:00:00Z")]
        lines = []
        for payment_id, organization, amount, currency, description, status, when in rows:
            lines.append({"command": "CreatePayment", "time": when, "body": {
                "paymentId": payment_id, "organizationId": organization, "amount": amount, "currency": currency, "description": description}})
            if status == "completed":
                lines.append({"command": "ProcessPayment", "time": when, "body": {"paymentId": payment_id}})
            if status == "failed":
                lines.append({"command": "FailPayment", "time": when, "body": {"paymentId": payment_id, "error": "declined"}})
        lines.append({"command": "RefundPayment", "time": "2024-03-05T00:00:00Z", "body": {"paymentId": "q-2", "refundAmount": "5.05"}})
        answer = client.send("POST", "/v1/payments/commands", "\n".join(json.dumps(line) for line in lines),
                             {"Content-Type": "application/x-ndjson"})
        assert all(line["status"] in (200, 201) for line in answer.lines), answer
        cls.sequence = answer.lines[-1]["sequence"]

    def ask(self, name, **parameters):
        return self.searched(self.sequence, name, parameters)

    def ids(self, **parameters):
        return [found["paymentId"] for found in self.ask("SearchPayments", **parameters)["payments"]]

    def test_search_with_a_misspelt_word(self):
        self.assertEqual(sorted(self.ids(searchText="harbuor", organizationId="org-q")), ["q-1", "q-2", "q-4"])

    def test_filters(self):
        self.assertEqual(self.ids(organizationId="org-q"), ["q-4", "q-3", "q-2", "q-1"])  # newest first
        self.assertEqual(self.ids(organizationId="org-q", statuses=["failed", "pending"]), ["q-4", "q-3"])
        self.assertEqual(self.ids(organizationId="org-q", currencies=["USD"]), ["q-3"])
        self.assertEqual(self.ids(organizationId="org-q", minAmount="10.10", maxAmount=20.20), ["q-2", "q-1"])
        self.assertEqual(self.ids(organizationId="org-q", maxAmount=0), [])
        self.assertEqual(self.ids(**{"from": "2024-03-02T00:00:00Z", "to": "2024-03-03T10:00:00Z"}), ["q-4", "q-3"])

    def test_pages_and_cursor(self):
        first = self.ask("SearchPayments", organizationId="org-q", size=3)
        self.assertEqual((first["total"], first["page"], first["size"], len(first["payments"])), (4, 1, 3, 3))
        rest = self.ask("SearchPayments", organizationId="org-q", size=3, cursor=first["nextCursor"])
        self.assertEqual([found["paymentId"] for found in rest["payments"]], ["q-1"])
        self.assertIsNone(rest["nextCursor"])
        second = self.ask("SearchPayments", organizationId="org-q", size=3, page=2)
        self.assertEqual([found["paymentId"] for found in second["payments"]], ["q-1"])
        self.assertEqual(self.ask("SearchPayments", organizationId="org-q", size=0)["total"], 4)

    def test_get_with_a_query_string(self):
        answer = self.client.send("GET", "/v1/payments/queries/SearchPayments?organizationId=org-q&statuses=failed&statuses=pending&size=1",
                                  headers={"Gyre-Min-Sequence": str(self.sequence)})
        self.assertEqual((self.ok(answer).json["total"], len(answer.json["payments"])), (2, 1))

    def test_statistics(self):
        found = self.ask("GetPaymentStatistics", organizationId="org-q")
        by_status = {bucket["key"]: bucket for bucket in found["status_stats"]}
        self.assertEqual(by_status["completed"]["doc_count"], 1)
        self.assertEqual(by_status["refunded"]["by_currency"]["EUR"]["refunded_amount"], "5.05")
        self.assertEqual(by_status["refunded"]["by_currency"]["EUR"]["net_amount"], "15.15")
        by_currency = {bucket["key"]: bucket for bucket in found["currency_stats"]}
        self.assertEqual((by_currency["EUR"]["doc_count"], by_currency["EUR"]["total_amount"]), (2, 30.3))
        self.assertEqual(by_currency["EUR"]["by_currency"]["EUR"]["total_amount"], "30.30")
        days = {bucket["key_as_string"]: bucket for bucket in found["daily_stats"]}
        self.assertEqual(days["2024-03-01T00:00:00.000Z"]["doc_count"], 2)  # a refund does not move a payment's day
        self.assertTrue(all(bucket["count"] == bucket["doc_count"] for bucket in found["daily_stats"]))

    def test_statistics_never_sum_across_currencies(self):
        found = self.ask("GetPaymentStatistics")
        mixed = [bucket for bucket in found["daily_stats"] + found["status_stats"] if len(bucket["by_currency"]) > 1]
        self.assertTrue(all(bucket["total_amount"] is None for bucket in mixed))

    def test_statistics_in_a_zone(self):
        found = self.ask("GetPaymentStatistics", organizationId="org-q", timeZone="Asia/Tokyo")
        self.assertIn("2024-03-02T00:00:00.000+09:00", [bucket["key_as_string"] for bucket in found["daily_stats"]])
        answer = self.client.query("GetPaymentStatistics", {"timeZone": "Mars/Olympus"})
        self.assertEqual(answer.status, 400, answer)

    def test_suggestions(self):
        found = self.ask("GetPaymentSuggestions", query="harb")
        self.assertEqual([suggestion["text"] for suggestion in found], ["Harbour dredging and rent", "Harbour lights", "Harbour toll"])
        found = self.ask("GetPaymentSuggestions", query="harb", organizationId="org-other")
        self.assertEqual([suggestion["text"] for suggestion in found], ["Harbour toll"])

    def test_unknown_values_are_refused(self):
        for parameters in ({"colour": "red"}, {"statuses": ["lost"]}, {"currencies": ["XYZ"]}, {"page": 0}, {"size": 1001},
                           {"page": 101, "size": 100}, {"cursor": "rubbish"}, {"minAmount": "1e5"}, {"from": "today"}):
            answer = self.client.query("SearchPayments", parameters)
            self.problem(answer, 400, answer.json["code"])
        self.assertIn("cursor", self.client.query("SearchPayments", {"page": 101, "size": 100}).json["detail"])

    def test_headers_of_an_answer(self):
        first = self.client.query("SearchPayments", {"searchText": "dredging"}, Gyre_Min_Sequence=str(self.sequence))
        self.assertEqual(first.headers["Gyre-Cache"], "miss")
        self.assertGreaterEqual(int(first.headers["Gyre-Sequence"]), self.sequence)
        self.assertIn("dur=", first.headers["Server-Timing"])
        again = self.client.query("SearchPayments", {"searchText": "dredging"})
        self.assertEqual((again.headers["Gyre-Cache"], again.body), ("hit", first.body))
        bypass = self.client.query("SearchPayments", {"searchText": "dredging"}, Cache_Control="no-cache")
        self.assertEqual(bypass.headers["Gyre-Cache"], "bypass")

    def test_minimum_sequence(self):
        self.assertEqual(self.client.query("SearchPayments", {}, Gyre_Min_Sequence="999999").status, 400)
        self.assertEqual(self.client.query("SearchPayments", {}, Gyre_Min_Sequence="-1").status, 400)
        self.assertEqual(self.client.query("SearchPayments", {}, Gyre_Timeout="soon").status, 400)

    def test_a_cached_answer_is_never_stale(self):
        for i in range(20):
            sequence = self.create(f"fresh-{i}", organizationId="org-fresh").json["sequence"]
            found = self.searched(sequence, "SearchPayments", {"organizationId": "org-fresh", "size": 0})
            self.assertEqual(found["total"], i + 1)


class Administration(PaymentsCase):
    def test_health_metrics_and_documents(self):
        self.assertEqual(self.ok(self.client.send("GET", "/healthz")).json["status"], "alive")
        ready = self.ok(self.client.send("GET", "/readyz")).json
        self.assertEqual((ready["status"], ready["domains"]["payments"]["status"]), ("ready", "ready"))
        self.create("metric-1")
        metrics = self.ok(self.client.send("GET", "/metrics")).body.decode()
        self.assertIn('gyre_commands_total{domain="payments",command="CreatePayment",outcome="ok"}', metrics)
        self.assertIn("gyre_projection_lag_events", metrics)
        paths = self.ok(self.client.send("GET", "/openapi.json")).json["paths"]
        self.assertIn("/v1/payments/commands/CreatePayment", paths)
        self.assertIn("payments", self.ok(self.client.send("GET", "/")).body.decode())
        names = [plugin["name"] for plugin in self.client.send("GET", "/admin/v1/plugins").json["plugins"]]
        self.assertIn("payments", names)

    def test_synchronize_and_verify(self):
        for i in range(30):
            self.create(f"v-{i}", organizationId="org-v" if i % 2 else "org-w")
        for body, least in (({}, 30), ({"organizationId": "org-v"}, 15), ({"id": "v-3"}, 1)):
            answer = self.client.send("POST", "/admin/v1/payments/synchronize", body)
            self.assertEqual(answer.status, 202, answer)
            self.assertIn(answer.json["id"], answer.headers["Location"])
            job = wait_for_job(self.client, answer.json)
            self.assertEqual(job["state"], "completed", job)
            self.assertGreaterEqual(job["result"]["synchronized"], least)
        job = wait_for_job(self.client, self.client.send("POST", "/admin/v1/payments/verify", {}).json)
        result = job["result"]
        self.assertGreaterEqual(result["checked"], 30)
        self.assertEqual((result["missingCount"], result["extraCount"], result["differentCount"]), (0, 0, 0), result)
        one = self.ok(self.client.send("POST", "/admin/v1/payments/verify", {"id": "v-3"})).json
        self.assertEqual((one["checked"], one["missing"], one["extra"], one["different"]), (1, [], [], []))
        self.assertEqual(self.client.send("POST", "/admin/v1/payments/verify", {"colour": 1}).status, 400)
        self.assertEqual(self.client.send("GET", "/admin/v1/jobs/none").status, 404)
        self.assertEqual(self.client.send("DELETE", f"/admin/v1/jobs/{job['id']}").status, 409)


if __name__ == "__main__":
    unittest.main(verbosity=2)
