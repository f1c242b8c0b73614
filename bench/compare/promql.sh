#!/usr/bin/env bash
# CPU of range queries beside Prometheus (Debian's package) and VictoriaMetrics (its Go module); builds what it runs. Arguments go to promql.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build build/release --target gyre gyre_plugin_metrics >/dev/null
exec python3 bench/compare/promql.py build/release/bin/gyre "$@"
