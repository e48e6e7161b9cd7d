#!/usr/bin/env bash
# Prints the commit that an image is built from: $COMMIT, or what the files of a git directory say.
#
#   source-commit.sh DIRECTORY     # with HEAD, refs/ and packed-refs of the checkout
#
# The build context has no whole repository, and the image no git.
set -euo pipefail

directory=${1:?say where HEAD is}
if [ -n "${COMMIT:-}" ]; then
    echo "$COMMIT"
    exit
fi
commit=
if [ -f "$directory/HEAD" ]; then
    head=$(cat "$directory/HEAD")
    reference=${head#ref: }
    if [ "$head" = "$reference" ]; then
        commit=$head
    elif [ -f "$directory/$reference" ]; then
        commit=$(cat "$directory/$reference")
    elif [ -f "$directory/packed-refs" ]; then
        commit=$(awk -v name="$reference" '$2 == name { print $1 }' "$directory/packed-refs")
    fi
fi
if [ -n "$commit" ]; then
    echo "${commit:0:12}, local changes unknown"
else
    echo "unknown (build with docker/bench.sh, or with the build argument COMMIT)"
fi
