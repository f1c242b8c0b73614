"""Does what was acknowledged survive? Rounds of writing under which the server is killed at a random moment.

GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import http.client
import json
import os
import random
import threading
import time

ROUNDS = int(os.environ.get("GYRE_CRASH_ROUNDS", "50"))


def seeded():
    """The run's source of chance; prints its seed."""
    seed = int(os.environ.get("GYRE_CRASH_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}, {ROUNDS} rounds", flush=True)
    return random.Random(seed)


def killed_rounds(server, chance, make_writers):
    """Each round: starts the server, asks make_writers(round) for threads that write until it is gone, kills it, and yields
    them when they have ended."""
    for round_number in range(ROUNDS):
        server.start()
        writers = make_writers(round_number)
        for writer in writers:
            writer.start()
        # The moment of the kill is the experiment: any point of the first half second.
        time.sleep(chance.uniform(0.02, 0.5))
        server.kill()
        for writer in writers:
            writer.join()
        yield writers
        server.log = ""


class Writer(threading.Thread):
    """Sends batches of texts, each known by itself, until the server is gone. send(client, texts): whether it acknowledged them."""

    def __init__(self, prefix, connect, send, batch=40):
        super().__init__()
        self.prefix, self.connect, self.send, self.batch = prefix, connect, send, batch
        self.acknowledged, self.sent = set(), set()

    def run(self):
        number = 0
        client = None
        try:
            client = self.connect()
            while True:
                texts = [f"{self.prefix}n{number + i}" for i in range(1 + number % self.batch)]
                number += len(texts)
                self.sent.update(texts)
                if self.send(client, texts):
                    self.acknowledged.update(texts)
        except (OSError, http.client.HTTPException, json.JSONDecodeError, TypeError):
            pass  # killed, as intended
        finally:
            if client:
                client.close()


def send_bulk(path, field):
    """A writer's send() by _bulk on the dialect listener."""
    def send(client, texts):
        body = "".join('{"create":{}}\n' + json.dumps({field: text}) + "\n" for text in texts)
        answer = client.send("POST", path, body, {"Content-Type": "application/x-ndjson"})
        return answer.status == 200 and not answer.json["errors"]
    return send


def written_texts(dialect, path, field):
    """Of every record of a stream, in order of its sequence, by the dialect listener."""
    found, after = [], 0
    while True:
        page = dialect.send("POST", path, {"size": 10_000, "sort": [{"sequence": "asc"}], "_source": [field, "sequence"],
                                           "query": {"range": {"sequence": {"gt": after}}}}).json
        hits = page["hits"]["hits"]
        if not hits:
            return found
        after = hits[-1]["_source"]["sequence"]
        found += [hit["_source"][field] for hit in hits]
