#!/bin/sh
# Runs the benchmark: pg_tviews beside pg_ivm, full refresh, hand-written triggers and plain tables.
#
#   run_benchmarks.sh --scale small[,medium,large] [any option of "pg_tviews_bench run"]
#
# All the work is done by pg_tviews_bench. This script only finds it: $PG_TVIEWS_BENCH, the one on the PATH, or the
# one of this project, which is built when it is missing.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)

if [ -n "${PG_TVIEWS_BENCH:-}" ]; then
    bench=$PG_TVIEWS_BENCH
elif command -v pg_tviews_bench >/dev/null 2>&1; then
    bench=pg_tviews_bench
else
    command -v cargo >/dev/null 2>&1 || {
        echo "run_benchmarks.sh: neither pg_tviews_bench nor cargo is on the PATH; use 'make bench', or install Rust" >&2
        exit 1
    }
    (cd "$root" && cargo build --quiet --release --package pg_tviews_bench)
    bench=${CARGO_TARGET_DIR:-$root/target}/release/pg_tviews_bench
fi

for argument in "$@"; do
    case $argument in
    --out | --out=*) exec "$bench" run "$@" ;;
    esac
done
exec "$bench" run --out "$here/results" "$@"
