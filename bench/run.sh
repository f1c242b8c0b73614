#!/usr/bin/env bash
# Every benchmark that needs nothing from outside; bench/README.md says what each prints and what it was here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v wrk >/dev/null || { echo "bench: wrk is needed (Debian package wrk)" >&2; exit 69; }
build/release/bin/bench_group_commit
python3 bench/load/http_bench.py "$@"
