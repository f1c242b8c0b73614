"""Ports that a test names itself, because it must know them before a program listens, or take them again later."""
import random
import socket

# Below what systems give to outgoing connections (Linux 32768, IANA 49152): while nobody listens on such a port, a
# connection of anybody could take it, even the one that is being made to it.
FIRST, LAST = 10_000, 32_000


def is_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what only waits for its time-out takes nothing
        try:
            probe.bind(("127.0.0.1", port))
            return False
        except OSError:
            return True


def free_port():
    """One that is free, as is the one a hundred above: a search node takes that for its transport."""
    for _ in range(1_000):
        port = random.SystemRandom().randrange(FIRST, LAST)
        if not is_taken(port) and not is_taken(port + 100):
            return port
    raise AssertionError("no free port")
