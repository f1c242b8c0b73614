#!/usr/bin/env bash
# The same workload against Gyre's dialect listener and an OpenSearch node, in one run: documents in, then every query,
# one system after the other on an otherwise quiet machine; ends with the ratios and a comparison of the answers.
#
#   bench/compare/dialect.sh [--only gyre|opensearch] [--out DIR] [esbench settings, for example payments=100000 logs=0]
#
# Needs ../shared beside the project (the driver and the node), Go, a JDK and Maven. All on loopback.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
shared=${GYRE_SHARED:-../shared} out=build/bench only='' settings=()
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    *=*) settings+=("$1"); shift ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
done
[ -x "$shared/bench/run.sh" ] || { echo "skipped: $shared/bench is not there" >&2; exit 0; }
mkdir -p "$out"
out=$(cd "$out" && pwd)

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

run_gyre() {
  local port data pid
  port=$(free_port) data=$(mktemp -d)
  build/release/bin/gyre serve --set "data.dir=$data" --set api.listen=127.0.0.1:0 --set "dialect.listen=127.0.0.1:$port" \
    --set dialect.free_indices=true --set limits.idle_timeout=1h 2>"$out/gyre.log" &
  pid=$!
  trap 'kill -TERM '"$pid"' 2>/dev/null || true' EXIT
  for _ in $(seq 100); do
    curl -fsS -o /dev/null "http://127.0.0.1:$port/" 2>/dev/null && break
    sleep 0.1
  done
  "$shared/bench/run.sh" "http://127.0.0.1:$port" "$out/gyre.json" system=gyre "pid=$pid" "data=$data" "${settings[@]}"
  kill -TERM "$pid"
  wait "$pid" || true
  trap - EXIT
  rm -rf "$data"
}

run_opensearch() {
  local port data pid
  port=$(free_port) data=$(mktemp -d)
  trap '"'"$shared"'/opensearch/stop.sh" --port '"$port"' >/dev/null || true' EXIT
  pid=$("$shared/opensearch/start.sh" --port "$port" --heap 2g --data "$data" | sed -n 's/^pid=//p')
  "$shared/bench/run.sh" "http://127.0.0.1:$port" "$out/opensearch.json" system=opensearch "pid=$pid" "data=$data" prewarm=1 \
    "${settings[@]}"
  "$shared/opensearch/stop.sh" --port "$port" >/dev/null
  trap - EXIT
  rm -rf "$data"
}

[ "$only" = gyre ] || run_opensearch
[ "$only" = opensearch ] || run_gyre
if [ -f "$out/opensearch.json" ] && [ -f "$out/gyre.json" ]; then
  (cd "$shared/bench" && go run . compare "$out/opensearch.json" "$out/gyre.json")
  (cd "$shared/bench" && go run . diff "$out/opensearch.json" "$out/gyre.json")
fi
