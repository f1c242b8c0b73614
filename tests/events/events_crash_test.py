"""Does a crash lose an event between two domains, or apply one twice? SIGKILL at random moments under load.

Every payment names an invoice of its own, so a completed payment is an account with exactly one entry. The seed is printed;
GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import threading
import unittest

from ledger_server import LedgerServer, payment, wait_for_events
from kills import ROUNDS, killed_rounds, seeded  # noqa: E402

WRITERS = 3


class Writer(threading.Thread):
    """Creates payments, completes and half refunds them, until the server is gone."""

    def __init__(self, server, name):
        super().__init__()
        self.server, self.prefix = server, name
        self.completed, self.refunded, self.sent = set(), set(), set()

    def run(self):
        client = self.server.client()
        number = 0
        try:
            while True:
                number += 1
                payment_id = f"{self.prefix}-{number}"
                self.sent.add(payment_id)
                client.command("CreatePayment", payment(payment_id, "inv-" + payment_id)).json
                if client.command("ProcessPayment", {"paymentId": payment_id}).status == 200:
                    self.completed.add(payment_id)
                if number % 3 == 0 and client.command("RefundPayment", {"paymentId": payment_id, "refundAmount": "0.25"}).status == 200:
                    self.refunded.add(payment_id)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass  # killed, as intended
        finally:
            client.close()


class EventsUnderKills(unittest.TestCase):
    def test_every_completed_payment_is_booked_once(self):
        chance = seeded()
        server = LedgerServer()
        self.addCleanup(lambda: server.temporary.cleanup())
        completed, refunded, sent = set(), set(), set()
        for writers in killed_rounds(server, chance, lambda number: [Writer(server, f"r{number}w{i}") for i in range(WRITERS)]):
            for writer in writers:
                completed |= writer.completed
                refunded |= writer.refunded
                sent |= writer.sent
        self.assertGreater(len(completed), ROUNDS, "the writers wrote next to nothing")
        server.start()
        try:
            client = server.client()
            wait_for_events(client)
            for payment_id in sent:
                found = client.query("GetPaymentById", {"paymentId": payment_id})
                status = found.json["status"] if found.status == 200 else "none"
                account = client.query("GetAccount", {"invoiceId": "inv-" + payment_id}, domain="ledger")
                if status in ("none", "pending"):
                    self.assertEqual(account.status, 404, payment_id)
                    self.assertNotIn(payment_id, completed)
                    continue
                # What was not acknowledged may have happened; the payment itself says what did.
                expected = (1, 125) if status == "completed" else (2, 100)
                self.assertEqual((account.json["entries"], account.json["balance"]), expected, f"{payment_id} is {status}")
                if payment_id in refunded:
                    self.assertEqual(status, "refunded")
        finally:
            server.stop()
        print(f"{len(completed)} acknowledged completions, {len(refunded)} refunds", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
