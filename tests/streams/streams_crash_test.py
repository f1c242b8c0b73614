"""Does a crash lose an acknowledged record, or keep one twice? SIGKILL at random moments under three kinds of sender.

The seed is printed; GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import unittest

from lines_server import Client, LinesServer, index_reader, search
from kills import ROUNDS, Writer, killed_rounds, seeded, send_bulk, written_texts  # noqa: E402


def send_text(client, texts):
    return client.send("POST", "/lines/push", "".join(f"info {text}\n" for text in texts)).status == 200


def send_command(client, texts):
    return client.command("AppendLines", {"lines": texts}, domain="lines").status == 201


class StreamsUnderKills(unittest.TestCase):
    def test_every_acknowledged_record_is_found_once(self):
        chance = seeded()
        # Small generations and frequent commits, so that kills fall into their changes too.
        server = LinesServer(settings=("domains.lines.generation_bytes=1MiB", "domains.lines.commit_interval=100ms"))
        self.addCleanup(server.remove)
        acknowledged, sent = set(), set()

        def make_writers(number):
            return [Writer(f"r{number}wbulk", server.dialect_client, send_bulk("/lines/_bulk", "text")),
                    Writer(f"r{number}wtext", server.client, send_text), Writer(f"r{number}wcommand", server.client, send_command)]

        for writers in killed_rounds(server, chance, make_writers):
            for writer in writers:
                acknowledged |= writer.acknowledged
                sent |= writer.sent
        server.start()
        self.addCleanup(server.stop)
        client = Client(server.port)
        self.addCleanup(client.close)
        total = search(client, size=0)["total"]
        reader, path = index_reader(server)
        self.addCleanup(reader.close)
        found = written_texts(reader, path + "/_search", "text")
        print(f"{ROUNDS} kills, {len(acknowledged)} acknowledged, {len(found)} found", flush=True)
        self.assertEqual(total, len(found))
        self.assertEqual(len(found), len(set(found)), "a record is there twice")
        self.assertEqual(set(), acknowledged - set(found))
        self.assertEqual(set(), set(found) - sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
