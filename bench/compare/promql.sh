#!/usr/bin/env bash
# CPU of range queries beside Prometheus (Debian's package); builds what it runs. Arguments go to promql.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build build/release --target promql_answers >/dev/null
exec python3 bench/compare/promql.py build/release/bin/promql_answers "$@"
