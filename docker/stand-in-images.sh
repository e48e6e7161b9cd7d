#!/usr/bin/env bash
# Makes local stand-ins for the two base images of Dockerfile.benchmarks, for machines that reach a Debian mirror but
# no registry of images.
#
#   sudo docker/stand-in-images.sh postgres 17     # postgres:17, from Debian trixie
#   sudo docker/stand-in-images.sh postgres 18     # postgres:18, from Debian forky, which also packages pg_ivm
#   sudo docker/stand-in-images.sh rust            # the toolchain image, from this machine's own rustup toolchain
#   sudo docker/stand-in-images.sh remove          # takes all of them away again
#
# They carry the names of the real images, so that the Dockerfile is built as it is, and the label
# "pg_tviews.stand-in", so that nobody mistakes them. They have what the Dockerfile relies on, not all of the originals.
# The mirror is the one that this machine's apt uses.
set -euo pipefail

readonly LABEL=pg_tviews.stand-in
here=$(cd "$(dirname "$0")" && pwd)
readonly here
work=

fail() {
    echo "stand-in-images.sh: $*" >&2
    exit 1
}

clean_up() {
    [ -z "$work" ] || rm -rf "$work"
}

# Debian's mirror as this machine's apt knows it; where apt has none, debootstrap's own.
mirror() {
    # shellcheck disable=SC2016  # apt's own placeholders
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }'
}

# A minimal system of one suite, with the certificates that this machine trusts.
import_suite() {
    local suite=$1
    local image=pg_tviews-stand-in:$suite
    if docker image inspect "$image" >/dev/null 2>&1; then
        return
    fi
    echo "stand-in-images.sh: debootstrap $suite"
    # All suites of Debian are made by the script named sid; newer ones than debootstrap itself have no other.
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$work/root" "$(mirror)" sid >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        fail "debootstrap cannot make $suite (the lines above); is the suite known to it, and the mirror reachable?"
    }
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$work/root/usr/local/share/ca-certificates/" \;
    chroot "$work/root" update-ca-certificates >/dev/null
    # Lists of the testing suite expire after a week, and a mirror may be older than that.
    echo 'Acquire::Check-Valid-Until "false";' >"$work/root/etc/apt/apt.conf.d/99stand-in"
    # As in the original: apt's caches do not stay in the layers.
    printf '%s\n' 'Dir::Cache::pkgcache "";' 'Dir::Cache::srcpkgcache "";' \
        'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };' \
        >"$work/root/etc/apt/apt.conf.d/docker-clean"
    tar -C "$work/root" --one-file-system -c . | docker import --change "LABEL $LABEL=$suite" - "$image" >/dev/null
    rm -rf "$work/root"
}

postgres_image() {
    local major=$1 suite
    case $major in
    15) suite=bookworm ;;
    17) suite=trixie ;;
    18) suite=forky ;;
    *) fail "Debian has no suite with PostgreSQL $major; there are stand-ins for 15, 17 and 18" ;;
    esac
    import_suite "$suite"
    # As in the original: the account, no cluster made by the package, the programs on the PATH.
    docker build --quiet --tag "postgres:$major" - <<DOCKERFILE
FROM pg_tviews-stand-in:$suite
LABEL $LABEL=postgres-$major
RUN groupadd -r postgres --gid=999 \\
 && useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres \\
 && mkdir -p /etc/postgresql-common \\
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \\
 && apt-get update \\
 && apt-get install -y --no-install-recommends postgresql-$major \\
 && rm -rf /var/lib/apt/lists/*
ENV PG_MAJOR=$major PATH=\$PATH:/usr/lib/postgresql/$major/bin
DOCKERFILE
}

# The image that the Dockerfile takes as its toolchain, when no build argument says otherwise.
rust_image_name() {
    sed -n 's/^ARG RUST_IMAGE=//p' "$here/../Dockerfile.benchmarks"
}

rust_image() {
    local image sysroot version
    image=$(rust_image_name)
    command -v rustc >/dev/null || fail "no rustc here; install Rust with rustup first"
    sysroot=$(rustc --print sysroot)
    version=$(rustc --version | awk '{ print $2 }')
    case $image in
    *:"$version"-*) ;;
    *) fail "this machine's Rust is $version, the Dockerfile asks for $image; choose it with RUSTUP_TOOLCHAIN" ;;
    esac
    import_suite bookworm
    # Documentation and sources of the library are the larger half of a toolchain, and no build needs them.
    tar -C "$sysroot" --exclude=./share --exclude=./lib/rustlib/src --exclude=./libexec -cf "$work/toolchain.tar" .
    cat >"$work/Dockerfile" <<DOCKERFILE
FROM pg_tviews-stand-in:bookworm
LABEL $LABEL=rust-$version
RUN apt-get update \\
 && apt-get install -y --no-install-recommends gcc libc6-dev \\
 && rm -rf /var/lib/apt/lists/*
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:\$PATH
ADD toolchain.tar /usr/local/rustup/toolchains/$version/
RUN mkdir -p /usr/local/cargo/bin && ln -s /usr/local/rustup/toolchains/$version/bin/* /usr/local/cargo/bin/
DOCKERFILE
    docker build --quiet --tag "$image" "$work"
}

remove_images() {
    local names
    # What was built on a stand-in has its label too, and stays; the builder's cache goes with `docker image prune`.
    names=$(docker image ls --filter "label=$LABEL" --format '{{.Repository}}:{{.Tag}}' |
        grep -v -e '<none>' -e '^pg_tviews_bench:' || true)
    if [ -n "$names" ]; then
        echo "$names" | xargs docker image rm
    fi
}

command -v docker >/dev/null || fail "docker is missing; on Debian: apt-get install docker.io"
docker info >/dev/null 2>&1 || fail "the Docker engine does not answer; start it (dockerd, as root)"
case ${1:-} in
postgres | rust)
    [ "$(id -u)" = 0 ] || fail "debootstrap needs root: sudo docker/stand-in-images.sh $*"
    command -v debootstrap >/dev/null || fail "debootstrap is missing; on Debian: apt-get install debootstrap"
    work=$(mktemp -d)
    trap clean_up EXIT
    if [ "$1" = rust ]; then rust_image; else postgres_image "${2:-17}"; fi
    ;;
remove) remove_images ;;
*) fail "say what to make: postgres 15|17|18, rust, or remove" ;;
esac
