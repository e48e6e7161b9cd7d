#!/usr/bin/env bash
# Starts the benchmark container's server and makes it ready: database, extensions, password.
#
#   benchmark-entrypoint.sh             # starts the server, and stays until SIGTERM stops it
#   benchmark-entrypoint.sh healthy     # whether everything is ready; for the health check and for scripts
#   benchmark-entrypoint.sh COMMAND …   # runs another command in the container instead
#
#   PGDATA              the data directory
#   PGHOST, PGPORT      the directory of the socket, and the port
#   LISTEN_ADDRESSES    where the server listens besides (default: everywhere)
#   POSTGRES_PASSWORD   the password of connections that come from outside; without it there are none
#   START_SECONDS       how long a start may take, crash recovery included (default: 120)
#
# Every step can be repeated, so that a restart, or a start after a broken one, goes the same way.
set -euo pipefail

readonly DATABASE=pg_tviews_benchmark
export PGDATA=${PGDATA:-/var/lib/pg_tviews/data}
export PGHOST=${PGHOST:-/var/run/postgresql} PGPORT=${PGPORT:-5432} PGUSER=postgres
server=
stopping=

say() {
    echo "benchmark-entrypoint.sh: $*"
}

fail() {
    echo "benchmark-entrypoint.sh: $*" >&2
    exit 1
}

# psql in the database $1; the rest are its arguments.
sql() {
    local database=$1
    shift
    psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname="$database" "$@"
}

# pg_tviews is the last thing that set_up makes.
healthy() {
    [ "$(sql "$DATABASE" --command="SELECT count(*) FROM pg_extension WHERE extname = 'pg_tviews'" 2>/dev/null)" = 1 ]
}

# PostgreSQL refuses to run as root.
become_postgres() {
    mkdir -p "$PGDATA" "$PGHOST"
    chown postgres:postgres "$PGDATA" "$(dirname "$PGDATA")" "$PGHOST"
    export HOME=/var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
}

# Makes the cluster beside its place, so that what a broken initdb leaves is never taken for one.
initialise() {
    local installed cluster locale draft
    installed=$(postgres --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    if [ -s "$PGDATA/PG_VERSION" ]; then
        cluster=$(cat "$PGDATA/PG_VERSION")
        [ "$cluster" = "$installed" ] || fail "$PGDATA was made by PostgreSQL $cluster, this is $installed:" \
            "remove the volume (docker/bench.sh clean), or start the image of version $cluster"
        return
    fi
    mkdir -p "$PGDATA"
    draft=$PGDATA/draft
    rm -rf "$draft"
    [ -z "$(ls -A "$PGDATA")" ] || fail "$PGDATA is neither empty nor a cluster: mount an empty volume there"
    say "making a cluster in $PGDATA"
    for locale in C.UTF-8 C; do
        if initdb --username=postgres --auth=trust --encoding=UTF8 --locale="$locale" --no-instructions \
            --pgdata="$draft" >"$PGDATA/initdb.log" 2>&1; then
            rm "$PGDATA/initdb.log"
            chmod 700 "$PGDATA"
            # PG_VERSION, which says that the cluster is whole, comes last.
            find "$draft" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
            mv "$draft/PG_VERSION" "$PGDATA"
            rmdir "$draft"
            return
        fi
    done
    cat "$PGDATA/initdb.log" >&2
    fail "initdb failed (the lines above): is the volume writable, and is there room on it?"
}

# The settings are those of the private server of a native run; ALTER SYSTEM overrides them.
configure() {
    local include="include = 'pg_tviews_bench.conf'"
    pg_tviews_bench settings >"$PGDATA/pg_tviews_bench.conf"
    grep -qxF "$include" "$PGDATA/postgresql.conf" || echo "$include" >>"$PGDATA/postgresql.conf"
    printf '%s\n' "local all all trust" "host all all all scram-sha-256" >"$PGDATA/pg_hba.conf"
}

start() {
    local seconds
    postgres -D "$PGDATA" -c listen_addresses="${LISTEN_ADDRESSES:-*}" -c port="$PGPORT" \
        -c unix_socket_directories="$PGHOST" &
    server=$!
    for ((seconds = 0; seconds < ${START_SECONDS:-120} * 4; seconds++)); do
        if pg_isready --quiet; then
            return
        fi
        kill -0 "$server" 2>/dev/null || fail "PostgreSQL did not start; its log is above"
        sleep 0.25
    done
    fail "PostgreSQL is not ready after ${START_SECONDS:-120} s: give it more time with START_SECONDS"
}

# An extension that the benchmark can do without.
optional_extension() {
    local name=$1 without=$2 known problem
    known=$(sql "$DATABASE" --command="SELECT 1 FROM pg_available_extensions WHERE name = '$name'")
    if [ -z "$known" ]; then
        say "$name is not installed here: $without"
    elif ! problem=$(sql "$DATABASE" --command="SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS \"$name\"" 2>&1); then
        say "$name cannot be created ($problem): $without"
    fi
}

# A volume may have the extension of an older build, whose SQL does not fit the new library. Only the version's name
# would tell PostgreSQL, and that stays the same from build to build.
renew_pg_tviews() {
    local build=$PGDATA/pg_tviews.build now
    now=$(cat "$(pg_config --pkglibdir)/pg_tviews.so" "$(pg_config --sharedir)"/extension/pg_tviews* | cksum)
    if [ -e "$build" ] && [ "$(cat "$build")" != "$now" ]; then
        say "pg_tviews was built anew: its old objects are replaced"
        sql "$DATABASE" --command="DROP EXTENSION IF EXISTS pg_tviews" ||
            fail "the database has tviews of an older build: remove the volume (docker/bench.sh clean)"
    fi
    sql "$DATABASE" --command="SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS pg_tviews" ||
        fail "pg_tviews cannot be created (the line above): build the image again (docker/bench.sh build)"
    echo "$now" >"$build"
}

set_up() {
    local known
    known=$(sql postgres --command="SELECT 1 FROM pg_database WHERE datname = '$DATABASE'")
    [ -n "$known" ] || sql postgres --command="CREATE DATABASE $DATABASE"
    if [ -n "${POSTGRES_PASSWORD:-}" ]; then
        # psql takes it from the environment, where no list of processes shows it.
        sql postgres <<'SQL'
\getenv password POSTGRES_PASSWORD
SET log_min_error_statement = panic;
ALTER ROLE postgres PASSWORD :'password';
SQL
    else
        say "POSTGRES_PASSWORD is not set: connections from outside the container are refused"
    fi
    optional_extension pg_ivm "the benchmark runs without it"
    optional_extension uuid-ossp "gen_random_uuid() is there in any case"
    renew_pg_tviews
}

tell() {
    psql --no-psqlrc --dbname="$DATABASE" --command='\dx' | cat
    cat <<TEXT
Ready. To go on:
  docker exec -it pg_tviews_bench /benchmarks/run_benchmarks.sh --scale small      # medium, large
  docker exec -it pg_tviews_bench python3 /benchmarks/generate_report.py
  docker exec -it pg_tviews_bench psql -U postgres -d $DATABASE
TEXT
}

# SIGTERM would make the server wait for its clients to leave; SIGINT ends them, and nothing is lost.
stop_server() {
    stopping=yes
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null || true
    fi
}

# Whatever ends this script, the server is not left behind.
at_exit() {
    local status=$?
    if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
        kill -INT "$server" 2>/dev/null || true
        wait "$server" || true
    fi
    [ -z "$stopping" ] || status=0
    exit "$status"
}

serve() {
    local status=0
    trap stop_server TERM INT
    trap at_exit EXIT
    initialise
    configure
    start
    set_up
    tell
    # A signal ends the first wait before the server has ended.
    while kill -0 "$server" 2>/dev/null; do
        wait "$server" && status=0 || status=$?
    done
    [ -n "$stopping" ] || fail "PostgreSQL ended by itself (status $status); its log is above"
    say "stopped"
}

case ${1:-serve} in
healthy) healthy ;;
serve)
    [ "$(id -u)" != 0 ] || become_postgres "$@"
    serve
    ;;
*) exec "$@" ;;
esac
