# Ways into the project. The work is done by `cargo xtask` (crates/xtask); `cargo xtask help` says what it can do besides.
#
#   PG_CONFIG         use this PostgreSQL instead of the private copies that are downloaded
#   SCALE, PG, ARGS   of `make bench`: scales, PostgreSQL version, further arguments of the benchmark program
#   PG_TVIEWS_TOOLS   where downloaded tools and servers are kept (default: .tools)

SCALE ?= small
PG ?= 18
export PG_CONFIG

.DEFAULT_GOAL := help
.PHONY: help setup test quick bench install fmt clean distclean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## compilers, cargo-pgrx and private PostgreSQL 15 to 18; other targets do this by themselves
	cargo xtask setup

test: ## everything: formatting, house rules, clippy, unit tests, and the extension on PostgreSQL 18 and 15, the attacks on 17 and 16
	cargo xtask test

quick: ## what needs no running extension: formatting, house rules, clippy and unit tests of the pure crates
	cargo xtask test --tier style --tier pure

bench: ## the benchmark: make bench SCALE=small|medium|large [PG=15] [ARGS="--operations price-1,size-1k"]
	cargo xtask bench --pg $(PG) --scale $(SCALE) $(if $(ARGS),-- $(ARGS))

install: ## optimised build into your own server: make install PG_CONFIG=/path/to/pg_config
	@test -n "$(PG_CONFIG)" || { echo "Say which server: make install PG_CONFIG=/path/to/pg_config" >&2; exit 1; }
	cargo xtask install-extension --release

fmt: ## format the sources
	cargo fmt --all

clean: ## remove build products
	cargo clean

distclean: clean ## remove downloaded tools and servers too
	rm -rf .tools
