#!/usr/bin/env python3
"""Makes the benchmark's report again, or compares two runs.

    generate_report.py                            the newest run in results/
    generate_report.py benchmark_results_….csv    this run
    generate_report.py --database [--run RUN]     the newest run, or this one, of the benchmark database
    generate_report.py --compare BEFORE AFTER     two runs side by side: files, or names of runs with --database
    generate_report.py --help                     all options of "pg_tviews_bench report"

All the work is done by pg_tviews_bench: $PG_TVIEWS_BENCH, the one on the PATH, or the one of this project. --database
stands for --dsn "$PG_TVIEWS_BENCH_DSN", which the container sets to its own server.
"""

# Only what Debian's python3-minimal has: the image carries no more.
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")


def fail(message):
    sys.exit(f"generate_report.py: {message}")


def find_harness():
    if "PG_TVIEWS_BENCH" in os.environ:
        return os.environ["PG_TVIEWS_BENCH"]
    for directory in os.get_exec_path():
        installed = os.path.join(directory, "pg_tviews_bench")
        if os.access(installed, os.X_OK):
            return installed
    root = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
    built = os.path.join(target, "release", "pg_tviews_bench")
    if not os.path.exists(built):
        fail("pg_tviews_bench is not built: run_benchmarks.sh builds it, or set PG_TVIEWS_BENCH to where it is")
    return built


def harness_arguments(arguments):
    compare = "--compare" in arguments
    command = ["compare" if compare else "report"]
    if not compare and not any(word == "--out" or word.startswith("--out=") for word in arguments):
        command += ["--out", RESULTS]
    for word in arguments:
        if word == "--database":
            dsn = os.environ.get("PG_TVIEWS_BENCH_DSN")
            if not dsn:
                fail("--database needs PG_TVIEWS_BENCH_DSN, such as 'host=localhost user=postgres dbname=bench'")
            command += ["--dsn", dsn]
        elif word != "--compare":
            command.append(word)
    return command


def become_owner_of_results():
    """Files that root of a container writes would be root's on the host too."""
    if os.geteuid() == 0 and os.path.isdir(RESULTS):
        owner = os.stat(RESULTS)
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def main():
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__, flush=True)
    harness = find_harness()
    command = [harness, *harness_arguments(sys.argv[1:])]
    if os.path.exists(os.path.join(HERE, "COMMIT")):
        become_owner_of_results()
    os.execv(harness, command)


if __name__ == "__main__":
    main()
