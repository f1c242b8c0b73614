"""A server with payments and the ledger, a test's domain that subscribes to payments' events."""
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from gyre_server import PROGRAM, Server  # noqa: E402, F401

PLUGINS = os.environ.get("GYRE_EVENTS_PLUGINS",
                         "build/dev/lib/gyre/plugins/payments.so:build/dev/tests/events/plugins/ledger.so").split(":")


class LedgerServer(Server):
    def __init__(self, domains=("payments", "ledger"), folder=None, settings=()):
        self.plugins = tempfile.TemporaryDirectory(prefix="gyre-test-plugins-")
        for plugin in PLUGINS:
            name = os.path.basename(plugin)
            os.symlink(os.path.abspath(plugin), os.path.join(self.plugins.name, name))
        enabled = [f"domains.{name}.enabled={'true' if name in domains else 'false'}" for name in ("payments", "ledger")]
        super().__init__(folder, [f"plugins.dir={self.plugins.name}", *enabled, *settings])


def metric(client, name, **labels):
    """The value of one sample of /metrics."""
    text = client.send("GET", "/metrics").body.decode()
    wanted = "".join(f'{key}="{value}".*' for key, value in labels.items())
    found = re.search(rf"^{name}\{{.*{wanted}\}} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} {labels} is not in /metrics"
    return float(found.group(1))


def wait_for_events(client, seconds=120):
    """Until the ledger has settled all that happened in payments; polls, because that is what an operator can do."""
    deadline = time.monotonic() + seconds
    while metric(client, "gyre_subscription_lag_events", domain="ledger", source="payments") > 0:
        assert time.monotonic() < deadline, "the ledger does not catch up"
        time.sleep(0.02)


def payment(payment_id, invoice_id=None, amount="1.25", organization="org-1"):
    body = {"paymentId": payment_id, "organizationId": organization, "amount": amount, "currency": "EUR"}
    return {**body, "invoiceId": invoice_id} if invoice_id else body
