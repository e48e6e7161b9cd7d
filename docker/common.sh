# shellcheck shell=bash
# What docker/bench.sh and docker/build-and-run.sh have in common: everything that happens in the running container.
# The scripts set `script` and `root`, and `engine_…`, the four functions in which compose and plain Docker differ.
: "${script:?docker/common.sh is part of docker/bench.sh}" "${root:?}"

readonly CONTAINER=pg_tviews_bench
# Where generate_report.py and run_benchmarks.sh are, in the container.
readonly BENCHMARKS=/benchmarks

if [ -t 1 ]; then
    bold=$(printf '\033[1m') red=$(printf '\033[31m') plain=$(printf '\033[0m')
else
    bold='' red='' plain=''
fi

say() {
    echo "$bold$*$plain"
}

fail() {
    local red=$red plain=$plain
    [ -t 2 ] || red='' plain=''
    echo "$red$script: $*$plain" >&2
    exit 1
}

need_docker() {
    command -v docker >/dev/null || fail "docker is missing: install Docker, or run 'make bench' without it"
    docker info >/dev/null 2>&1 ||
        fail "the Docker engine does not answer: start it, and see that you may use it (group 'docker', or sudo)"
}

# What docker-compose.yml and plain Docker are told by the environment, with the same defaults as there.
read_settings() {
    export PG_MAJOR=${PG_MAJOR:-17} BENCH_PORT=${BENCH_PORT:-5433}
    case $PG_MAJOR in
    15 | 16 | 17 | 18) ;;
    *) fail "PG_MAJOR is $PG_MAJOR; choose 15, 16, 17 or 18" ;;
    esac
    results=${BENCH_RESULTS:-$root/test/sql/comprehensive_benchmarks/results}
    if [ -z "${COMMIT:-}" ] && command -v git >/dev/null && git -C "$root" rev-parse HEAD >/dev/null 2>&1; then
        COMMIT=$(git -C "$root" rev-parse --short=12 HEAD)
        if [ -n "$(git -C "$root" status --porcelain --untracked-files=no)" ]; then
            COMMIT="$COMMIT with local changes"
        fi
    fi
    export COMMIT=${COMMIT:-}
}

# running, exited, … or missing.
container_state() {
    docker container inspect --format '{{.State.Status}}' "$CONTAINER" 2>/dev/null || echo missing
}

container_health() {
    docker container inspect --format '{{.State.Health.Status}}' "$CONTAINER" 2>/dev/null || echo missing
}

need_container() {
    local state
    state=$(container_state)
    [ "$state" = running ] || fail "the container is not running ($state): start it with '$script start'"
}

wait_until_ready() {
    local second
    for ((second = 0; second < 180; second++)); do
        case $(container_state) in
        running) ;;
        *)
            docker logs --tail 20 "$CONTAINER" >&2 || true
            fail "the container ended while starting; the reason is in the lines above"
            ;;
        esac
        if [ "$(container_health)" = healthy ]; then
            return
        fi
        sleep 1
    done
    fail "the server is not ready after three minutes: look into '$script logs'"
}

# A terminal only where there is one, so that the scripts work in pipes and in CI.
in_container() {
    local flags=(--interactive)
    if [ -t 0 ] && [ -t 1 ]; then
        flags+=(--tty)
    fi
    docker exec "${flags[@]}" "$CONTAINER" "$@"
}

start_and_wait() {
    if ! docker image inspect "$CONTAINER:pg$PG_MAJOR" >/dev/null 2>&1; then
        engine_build
    fi
    # Docker would make a missing folder itself, and give it to root.
    mkdir -p "$results" || fail "cannot make the results folder $results: choose another with BENCH_RESULTS"
    engine_start ||
        fail "the container did not start (the lines above). A port that is taken: BENCH_PORT=5434 $script start; too few processors: BENCH_CPUS=1"
    wait_until_ready
    say "ready: PostgreSQL $PG_MAJOR on port $BENCH_PORT; next: $script run --scale small"
}

run_benchmark() {
    [ "$(container_state)" = running ] || start_and_wait
    in_container "$BENCHMARKS/run_benchmarks.sh" "$@"
}

show_results() {
    local file found=
    for file in "$results"/BENCHMARK_REPORT_*.md "$results"/benchmark_results_*.csv; do
        if [ -e "$file" ]; then
            found=yes
            echo "$file"
        fi
    done
    [ -n "$found" ] || fail "no results in $results yet: make some with '$script run --scale small'"
}

show_status() {
    echo "container: $(container_state), health: $(container_health)"
    docker image ls --filter "reference=$CONTAINER" --format 'image: {{.Repository}}:{{.Tag}}, {{.Size}}'
    docker volume ls --quiet --filter name=pg_tviews_bench_data | sed 's/^/volume: /'
}

# The commands of both scripts; $1 is the command.
dispatch() {
    local command=${1:-help}
    [ $# = 0 ] || shift
    case $command in
    help | --help | -h)
        show_help
        return
        ;;
    build | start | stop | run | results | report | shell | psql | logs | status | clean) ;;
    *) fail "there is no command '$command': see '$script help'" ;;
    esac
    read_settings
    if [ "$command" = results ]; then
        show_results
        return
    fi
    need_docker
    case $command in
    build) engine_build "$@" ;;
    start) start_and_wait ;;
    stop) engine_stop ;;
    run) run_benchmark "$@" ;;
    logs) docker logs "$@" "$CONTAINER" || fail "no container: start it with '$script start'" ;;
    status) show_status ;;
    clean)
        engine_clean
        say "container, data and images are gone; the results stay in $results"
        ;;
    *)
        need_container
        case $command in
        report) in_container python3 "$BENCHMARKS/generate_report.py" "$@" ;;
        shell) in_container bash "$@" ;;
        psql) in_container psql -U postgres -d pg_tviews_benchmark "$@" ;;
        esac
        ;;
    esac
}

show_commands() {
    cat <<TEXT
  build     build the image
  start     start the container, and wait until its server is ready
  run       run the benchmark: --scale small[,medium,large], and all else that 'run --help' lists
  results   list reports and tables of results
  report    make a report again: --help lists how
  psql      the benchmark database; arguments go to psql
  shell     a shell in the container
  logs      the server's log; -f follows it
  status    what there is
  stop      stop the container; its data stay
  clean     remove container, data and image; the results stay
  help      this list

Set by the environment (docker-compose.yml explains them): PG_MAJOR, POSTGRES_PASSWORD, BENCH_ADDRESS, BENCH_PORT,
BENCH_CPUS, BENCH_MEMORY, BENCH_RESULTS.
TEXT
}
