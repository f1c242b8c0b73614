"""Do OpenSearch's REST tests that passed once still pass?

Runs the suite's own runner against a server of its own; only the tests of conformance_baseline.txt count, one id a line,
sorted. `--write` adds what passes now: the list may only grow.
"""
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, "..", "support"))
from gyre_server import Server  # noqa: E402

BASELINE = os.path.join(FOLDER, "conformance_baseline.txt")


def read(path):
    with open(path, encoding="utf-8") as file:
        return {line.strip() for line in file if line.strip() and not line.startswith("#")}


def run(suite, server, *arguments):
    command = [sys.executable, os.path.join(suite, "run.py"), "--url", f"http://127.0.0.1:{server.dialect_port}"]
    return subprocess.run(command + list(arguments), check=False).returncode


def main():
    suite = next((argument for argument in sys.argv[1:] if not argument.startswith("--")),
                 os.path.join(FOLDER, "..", "..", "..", "shared", "conformance"))
    if not os.path.exists(os.path.join(suite, "run.py")):
        print(f"SKIPPED: there is no conformance suite at {suite}")
        return 0
    # The suite takes the node for its own: it counts what is there.
    domains = [f"domains.{name}.enabled=false" for name in ("payments", "invoices", "logs", "metrics")]
    with Server(settings=["dialect.free_indices=true", *domains]) as server:
        if "--write" not in sys.argv:
            return run(suite, server, "--expect", BASELINE)
        with tempfile.NamedTemporaryFile("r", suffix=".txt") as passed:
            run(suite, server, "--passed", passed.name)
            names = read(passed.name) | read(BASELINE)
        with open(BASELINE, "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in sorted(names))
        return 0


if __name__ == "__main__":
    sys.exit(main())
