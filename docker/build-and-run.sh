#!/usr/bin/env bash
# The benchmark's container by plain Docker, where there is no compose.
#
#   docker/build-and-run.sh --scale small     # builds what is missing, starts, runs
#   docker/build-and-run.sh help              # the single steps, the same as those of docker/bench.sh
set -euo pipefail

script=docker/build-and-run.sh
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=docker/common.sh
. "$root/docker/common.sh"

engine_build() {
    docker build --file "$root/Dockerfile.benchmarks" --tag "$CONTAINER:pg$PG_MAJOR" \
        --build-arg "PG_MAJOR=$PG_MAJOR" \
        --build-arg "POSTGRES_IMAGE=${POSTGRES_IMAGE:-postgres}" \
        ${RUST_IMAGE:+--build-arg "RUST_IMAGE=$RUST_IMAGE"} \
        --build-arg "COMMIT=$COMMIT" "$@" "$root" ||
        fail "the image was not built (the lines above); docs/DOCKER_BENCHMARKS.md lists the usual reasons"
}

# The same as docker-compose.yml says.
engine_start() {
    local image=$CONTAINER:pg$PG_MAJOR
    case $(container_state) in
    running) return ;;
    missing) ;;
    *)
        # Anew, so that settings and image are those of now; the data are on the volume.
        docker rm "$CONTAINER" >/dev/null
        ;;
    esac
    docker run --detach --name "$CONTAINER" \
        --env "POSTGRES_PASSWORD=${POSTGRES_PASSWORD:-}" \
        --publish "${BENCH_ADDRESS:-127.0.0.1}:$BENCH_PORT:5432" \
        --volume "$(cd "$results" && pwd):/benchmarks/results" \
        --volume pg_tviews_bench_data:/var/lib/pg_tviews \
        --cpus "${BENCH_CPUS:-2}" --memory "${BENCH_MEMORY:-8g}" --shm-size 1g \
        --cap-add SYS_NICE --stop-timeout 120 \
        "$image" >/dev/null
}

engine_stop() {
    need_container
    docker stop "$CONTAINER"
}

engine_clean() {
    docker rm --force --volumes "$CONTAINER" >/dev/null 2>&1 || true
    docker volume rm pg_tviews_bench_data >/dev/null 2>&1 || true
    docker image ls --quiet --filter "reference=$CONTAINER" | sort -u | xargs --no-run-if-empty docker image rm --force
}

show_help() {
    echo "usage: docker/build-and-run.sh [--scale small[,medium,large] …]     everything from the build to the report"
    echo "       docker/build-and-run.sh COMMAND [ARGUMENTS]"
    echo
    show_commands
}

case ${1:---scale} in
--help) dispatch help ;;
--*) dispatch run "$@" ;;
*) dispatch "$@" ;;
esac
