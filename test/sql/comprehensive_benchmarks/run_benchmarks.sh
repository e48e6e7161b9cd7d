#!/usr/bin/env bash
# Runs the benchmark: pg_tviews beside pg_ivm, full refresh, hand-written triggers and plain tables.
#
#   run_benchmarks.sh --scale small[,medium,large] [any option of "pg_tviews_bench run"]
#
# All the work is done by pg_tviews_bench. This script only finds it: $PG_TVIEWS_BENCH, the one on the PATH, or the one of
# this project, which is built when it is missing. $PG_TVIEWS_BENCH_DSN stands for --dsn; the container sets it to its
# own server.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." 2>/dev/null && pwd) || root=/

fail() {
    echo "run_benchmarks.sh: $*" >&2
    exit 1
}

if [ -n "${PG_TVIEWS_BENCH:-}" ]; then
    bench=$PG_TVIEWS_BENCH
elif command -v pg_tviews_bench >/dev/null; then
    bench=pg_tviews_bench
else
    [ -f "$root/crates/bench/Cargo.toml" ] || fail "pg_tviews_bench is not on the PATH: set PG_TVIEWS_BENCH to where it is"
    command -v cargo >/dev/null || fail "neither pg_tviews_bench nor cargo is on the PATH: use 'make bench', or install Rust"
    (cd "$root" && cargo build --quiet --release --package pg_tviews_bench)
    bench=${CARGO_TARGET_DIR:-$root/target}/release/pg_tviews_bench
fi

out=(--out "$here/results")
server=()
if [ -n "${PG_TVIEWS_BENCH_DSN:-}" ]; then
    server=(--dsn "$PG_TVIEWS_BENCH_DSN")
fi
for argument in "$@"; do
    case $argument in
    --help | -h) exec "$bench" run --help ;;
    --out | --out=*) out=() ;;
    --dsn | --dsn=* | --pg-config | --pg-config=*) server=() ;;
    esac
done
command=("$bench" run "${out[@]}" "${server[@]}" "$@")

# In the container: the commit of the build, a server that may be starting still, and files for the owner of the folder.
if [ -f "$here/COMMIT" ]; then
    PG_TVIEWS_COMMIT=$(cat "$here/COMMIT")
    export PG_TVIEWS_COMMIT
    for ((second = 0; second < 120; second++)); do
        benchmark-entrypoint.sh healthy && break
        sleep 1
    done
    owner=$(stat --format %u "$here/results")
    if [ "$(id -u)" = 0 ] && [ "$owner" != 0 ]; then
        as_owner=(setpriv --reuid "$owner" --regid "$(stat --format %g "$here/results")" --clear-groups)
        # Confining the server's processes to one processor takes a capability, which the container may not have.
        nice=("${as_owner[@]}" --inh-caps +sys_nice --ambient-caps +sys_nice)
        if "${nice[@]}" true 2>/dev/null; then
            as_owner=("${nice[@]}")
        fi
        command=("${as_owner[@]}" "${command[@]}")
    fi
fi
exec "${command[@]}"
