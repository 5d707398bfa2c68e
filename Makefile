# The commands of this repository. `make help` lists them; each first does all the set-up it needs,
# quietly, and in about two seconds when there is nothing to do. The work is in scripts/.

export THERMOCLINE_HOME ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/thermocline
# bash reads this file before each recipe: that is how recipes find what the set-up installed.
export BASH_ENV := $(THERMOCLINE_HOME)/env.sh
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

# The tests too: wasm-pack test compiles those of all layers.
WASM := --target wasm32-unknown-unknown
LINTS := -D warnings -W clippy::iter_over_hash_type

##@ The two you need

.PHONY: test
test: setup ## run every test suite, or some: make test SUITES="unit sql"
	@node scripts/test.mjs $(SUITES)

.PHONY: demo
demo: setup ## build everything and start Daybook on a Supabase of its own: PORT=, BACKEND=postgres
	@node scripts/build-pkg.mjs --quiet
	@node scripts/build-www.mjs
	@node scripts/demo.mjs

##@ While you work

.PHONY: bench
bench: setup ## measure beside five other stores, in Chromium: about ten minutes
	@node scripts/build-pkg.mjs --quiet
	@node benches/run.mjs

.PHONY: bench-quick
bench-quick: setup ## the same, fewer passes, writes and rows: about two minutes
	@node scripts/build-pkg.mjs --quiet
	@node benches/run.mjs --quick

.PHONY: bench-sync
bench-sync: setup ## measure sync on a real PostgreSQL, beside RxDB's Supabase plugin: about seven minutes
	@node scripts/build-pkg.mjs --quiet
	@node benches/sync.mjs

.PHONY: bench-worker
bench-worker: setup ## measure the start of a service worker that answers: about a minute
	@node scripts/build-pkg.mjs --quiet
	@node benches/worker.mjs

.PHONY: bench-recipes
bench-recipes: setup ## measure the insights of the recipe context over ROWS=10000 snapshots: about half a minute
	@node scripts/build-pkg.mjs --quiet
	@ROWS=$(or $(ROWS),10000) node benches/recipes.mjs

.PHONY: sim
sim: setup ## simulate many worlds with all faults: SEEDS=10000, START=1
	@SEEDS=$(SEEDS) START=$(START) node scripts/sim.mjs

.PHONY: mutants
mutants: setup ## take known fixes out, one at a time: the proofs must find each. NAMES="…"
	@node scripts/mutants.mjs $(NAMES)

.PHONY: check
check: setup ## format, lints (native and wasm), architecture and unit tests: before each commit
	@cargo fmt --check
	@cargo fmt --check --manifest-path fuzz/Cargo.toml
	@cargo clippy --quiet --locked --all-targets -- $(LINTS)
	@cargo clippy --quiet --locked --no-default-features -- $(LINTS)
	@cargo clippy --quiet --locked --tests $(WASM) -- $(LINTS)
	@node scripts/test.mjs architecture unit

.PHONY: build
build: setup ## build the npm package: pkg/wasm and pkg/dist
	@node scripts/build-pkg.mjs

.PHONY: setup
setup: ## install what is missing on this machine
	@scripts/setup.sh

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
