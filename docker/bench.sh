#!/usr/bin/env bash
# The benchmark's container by compose, in short commands: `docker/bench.sh help` lists them.
set -euo pipefail

script=docker/bench.sh
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=docker/common.sh
. "$root/docker/common.sh"

compose() {
    local command=()
    if docker compose version >/dev/null 2>&1; then
        command=(docker compose)
    elif command -v docker-compose >/dev/null; then
        command=(docker-compose)
    else
        fail "neither 'docker compose' nor 'docker-compose' is there: install one, or use docker/build-and-run.sh"
    fi
    "${command[@]}" --project-directory "$root" --file "$root/docker-compose.yml" "$@"
}

engine_build() {
    compose build "$@" pg_tviews_bench ||
        fail "the image was not built (the lines above); docs/DOCKER_BENCHMARKS.md lists the usual reasons"
}

engine_start() {
    compose up -d pg_tviews_bench
}

engine_stop() {
    compose stop pg_tviews_bench
}

engine_clean() {
    compose down --volumes --remove-orphans
    docker image ls --quiet --filter "reference=$CONTAINER" | sort -u | xargs --no-run-if-empty docker image rm --force
}

show_help() {
    echo "usage: docker/bench.sh COMMAND [ARGUMENTS]"
    echo
    show_commands
}

dispatch "$@"
