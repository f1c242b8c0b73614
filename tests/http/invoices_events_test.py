"""Do payments pay the invoices that they name, once and in order, also when the server is killed at any moment?

InvoiceEvents: on a running server. PaymentsUnderKills: SIGKILL at random moments under load; the seed is printed,
GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import Server  # noqa: E402
from kills import ROUNDS, killed_rounds, seeded  # noqa: E402

WRITERS = 3


def invoice(invoice_id, organization="org-1"):
    return {"invoiceId": invoice_id, "organizationId": organization, "number": invoice_id, "currency": "EUR",
            "issueDate": "2024-05-02", "dueDate": "2024-06-01", "seller": {"name": "S", "country": "DE"},
            "buyer": {"name": "B", "country": "FR"},
            "lines": [{"description": "x", "quantity": 1, "unitPrice": "10.00", "taxRate": 0}]}


def payment(payment_id, invoice_id, amount="10.00", organization="org-1"):
    return {"paymentId": payment_id, "organizationId": organization, "amount": amount, "currency": "EUR", "invoiceId": invoice_id}


def wait_for_version(client, invoice_id, version, seconds=30):
    """The events of another domain are taken over soon, not at once: waits for the condition, not for a time."""
    deadline = time.monotonic() + seconds
    while True:
        found = client.query("GetInvoiceById", {"invoiceId": invoice_id}, domain="invoices").json
        if found.get("version", 0) >= version or time.monotonic() > deadline:
            return found
        time.sleep(0.01)


class InvoiceEvents(unittest.TestCase):
    def setUp(self):
        self.server = Server().start()
        self.addCleanup(self.server.__exit__)
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def ok(self, name, body, domain="invoices"):
        answer = self.client.command(name, body, domain=domain)
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json

    def test_a_completed_payment_pays_and_a_refund_opens(self):
        self.ok("CreateInvoice", invoice("i-1"))
        self.ok("IssueInvoice", {"invoiceId": "i-1"})
        for number, amount in ((1, "4.00"), (2, "6.00")):
            self.ok("CreatePayment", payment(f"p-{number}", "i-1", amount), "payments")
            self.ok("ProcessPayment", {"paymentId": f"p-{number}"}, "payments")
        found = wait_for_version(self.client, "i-1", 4)
        self.assertEqual((found["status"], [linked["paymentId"] for linked in found["payments"]]), ("paid", ["p-1", "p-2"]))
        self.ok("RefundPayment", {"paymentId": "p-2", "refundAmount": "6.00"}, "payments")
        self.assertEqual(wait_for_version(self.client, "i-1", 5)["status"], "partially_paid")

    def test_what_cannot_be_taken_is_a_dead_letter(self):
        self.ok("CreateInvoice", invoice("i-2"))
        self.ok("IssueInvoice", {"invoiceId": "i-2"})
        self.ok("CreatePayment", payment("too-much", "i-2", "10.01"), "payments")
        self.ok("ProcessPayment", {"paymentId": "too-much"}, "payments")
        self.ok("CreatePayment", payment("other", "i-2", "10.00", "org-2"), "payments")
        self.ok("ProcessPayment", {"paymentId": "other"}, "payments")
        self.ok("CreatePayment", payment("right", "i-2"), "payments")
        self.ok("ProcessPayment", {"paymentId": "right"}, "payments")
        found = wait_for_version(self.client, "i-2", 3)
        self.assertEqual((found["status"], len(found["payments"])), ("paid", 1))
        letters = self.client.send("GET", "/admin/v1/invoices/dead-letters").body.decode()
        self.assertIn("over_payment", letters)
        self.assertIn("not_found", letters)

    def test_activity_tells_both_domains(self):
        self.ok("CreateInvoice", invoice("i-3", "org-9"))
        self.ok("IssueInvoice", {"invoiceId": "i-3"})
        self.ok("CreatePayment", payment("p-3", "i-3", organization="org-9"), "payments")
        last = self.ok("ProcessPayment", {"paymentId": "p-3"}, "payments")["sequence"]
        wait_for_version(self.client, "i-3", 3)
        self.client.query("SearchPayments", {"size": 0}, Gyre_Min_Sequence=str(last))
        sequence = self.client.send("GET", "/readyz").json["domains"]["invoices"]["sequence"]
        self.client.query("SearchInvoices", {"size": 0}, domain="invoices", Gyre_Min_Sequence=str(sequence))
        for first in ("2020-01-01T00:00:00Z", "1950-01-01T00:00:00Z"):
            answer = self.client.send("GET", f"/v1/activity?organizationId=org-9&from={first}&to=2100-01-01T00:00:00Z")
            self.assertEqual(answer.status, 200, answer)
            text = answer.body.decode()
            for words in ("invoice i-3 to B was issued: 10.00 EUR", "invoice i-3 was paid: 10.00 EUR", "p-3"):
                self.assertIn(words, text)
        answer = self.client.send("GET", "/v1/activity?organizationId=org-9&from=1950-01-01T00:00:00Z&to=1969-01-01T00:00:00Z")
        self.assertEqual((answer.status, answer.json["activities"]), (200, []), answer)


class Writer(threading.Thread):
    """Invoices, payments of them, some refunded, until the server is gone."""

    def __init__(self, server, name):
        super().__init__()
        self.server, self.prefix = server, name
        self.completed, self.sent = set(), set()

    def run(self):
        client = self.server.client()
        number = 0
        try:
            while True:
                number += 1
                name = f"{self.prefix}-{number}"
                self.sent.add(name)
                client.command("CreateInvoice", invoice(name), domain="invoices")
                client.command("IssueInvoice", {"invoiceId": name}, domain="invoices")
                client.command("CreatePayment", payment(name, name))
                if client.command("ProcessPayment", {"paymentId": name}).status == 200:
                    self.completed.add(name)
                if number % 3 == 0:
                    client.command("RefundPayment", {"paymentId": name, "refundAmount": "2.50"})
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass  # killed, as intended
        finally:
            client.close()


class PaymentsUnderKills(unittest.TestCase):
    def test_every_completed_payments_invoice_is_paid_once(self):
        chance = seeded()
        server = Server()
        self.addCleanup(lambda: server.temporary.cleanup())
        completed, sent = set(), set()
        for writers in killed_rounds(server, chance, lambda number: [Writer(server, f"r{number}w{i}") for i in range(WRITERS)]):
            for writer in writers:
                completed |= writer.completed
                sent |= writer.sent
        self.assertGreater(len(completed), ROUNDS, "the writers wrote next to nothing")
        server.start()
        try:
            client = server.client()
            for name in sorted(sent):
                found = client.query("GetPaymentById", {"paymentId": name})
                status = found.json["status"] if found.status == 200 else "none"
                if status in ("none", "pending"):
                    self.assertNotIn(name, completed)
                    continue
                expected = {"completed": ("paid", 3), "refunded": ("partially_paid", 4)}[status]
                paid = wait_for_version(client, name, expected[1])
                self.assertEqual((paid["status"], paid["version"], len(paid["payments"])), (*expected, 1), name)
            client.close()
        finally:
            server.stop()
        print(f"{len(completed)} acknowledged completions", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
