"""Does what was acknowledged survive? Rounds of writing under which the server is killed at a random moment.

GYRE_CRASH_SEED repeats a run, GYRE_CRASH_ROUNDS sets its length.
"""
import os
import random
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
