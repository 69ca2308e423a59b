# Two commands do all the set-up:
#
#     make demo     the main job on sample data: three shops, two switched off, search goes on
#     make test     everything that continuous integration does
#
# make demo KEEP=1 leaves the shops running. PYTHON=/path/to/python3.12 chooses the Python.
# `make help` lists the rest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
SHELL := /bin/sh

VENV := .venv
TYPES_VENV := .venv-types
BIN := $(VENV)/bin
# Two workers: the smallest machine that everything is tried on has two cores.
JOBS ?= 2
# `fast` while writing code, `ci` for the thorough search of the property tests.
PROFILE ?= ci
BENCHES := $(sort $(patsubst bench/%.py,%,$(filter-out bench/_%,$(wildcard bench/*.py))))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1
export PYTHON

# Homebrew's GMP lies outside the compiler's own search path.
ifeq ($(shell uname -s 2>/dev/null),Darwin)
BREW := $(shell brew --prefix 2>/dev/null)
ifneq ($(BREW),)
export CFLAGS += -I$(BREW)/include
export LDFLAGS += -L$(BREW)/lib
endif
endif

say = @printf '\n==> %s\n' "$(1)"

.PHONY: help
help: ## this list
	@grep -hE '^[a-z%*-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort \
	    | while IFS="$$(printf '\t')" read -r name what; do printf 'make %-16s %s\n' "$$name" "$$what"; done

# --- environments: each a stamp file in its own folder ---------------------------------------

.PHONY: preflight
preflight:
	@sh tools/preflight.sh >/dev/null

# $(call fresh,FOLDER): an empty environment with the Python that the preflight found; one that
# is there and runs is kept, unless PYTHON asks for another.
define fresh
	@python=$$(sh tools/preflight.sh) || exit 1; \
	if [ -n "$(PYTHON)" ] || ! $(1)/bin/python -m pip --version >/dev/null 2>&1; then \
	    rm -rf $(1) && "$$python" -m venv $(1); \
	fi
endef

$(VENV)/.installed: pyproject.toml constraints.txt
	$(call say,fedretail and what it needs, into $(VENV) (one to three minutes, once))
	$(call fresh,$(VENV))
	$(BIN)/python -m pip install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(call say,what tests and docs need, into $(VENV))
	$(BIN)/python -m pip install -c constraints.txt -e ".[dev]"
	@touch $@

$(TYPES_VENV)/.installed: pyproject.toml constraints.txt tools/type_requirements.py
	$(call say,the type checker's own environment (without libp2p), into $(TYPES_VENV))
	$(call fresh,$(TYPES_VENV))
	@$(TYPES_VENV)/bin/python tools/type_requirements.py > $(TYPES_VENV)/requirements.txt
	$(TYPES_VENV)/bin/python -m pip install -c constraints.txt -r $(TYPES_VENV)/requirements.txt
	@touch $@

.PHONY: install dev
install: preflight $(VENV)/.installed ## fedretail in .venv
dev: preflight $(VENV)/.installed-dev ## fedretail in .venv with all that tests and docs need

# --- the main job ----------------------------------------------------------------------------

.PHONY: demo
demo: install ## the main job, on sample data; KEEP=1 leaves it running
	$(call say,the demo)
	@$(BIN)/fedretail demo $(if $(KEEP),--keep)

# --- everything that continuous integration does ----------------------------------------------

.PHONY: test format format-check lint layers types unit docs licences-check
test: dev $(TYPES_VENV)/.installed format-check lint layers types licences-check unit docs ## all checks, as CI does them
	$(call say,all checks passed)

format: dev ## write the code in the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

format-check: dev
	$(call say,format)
	@$(BIN)/ruff format --check .

lint: dev
	$(call say,lint)
	@$(BIN)/ruff check .

layers: dev
	$(call say,layer contracts)
	@$(BIN)/lint-imports --no-logo

types: preflight $(TYPES_VENV)/.installed ## types alone
	$(call say,types)
	@$(TYPES_VENV)/bin/mypy

unit: dev ## tests alone; ARGS="-k word" narrows, PROFILE=fast hurries
	$(call say,tests)
	@$(BIN)/python -m pytest -n $(JOBS) --hypothesis-profile=$(PROFILE) $(ARGS)

docs: dev ## docs/_build/html/index.html
	$(call say,docs)
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

.PHONY: coverage
coverage: dev ## which lines the tests never reach
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --hypothesis-profile=fast $(ARGS)
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

# --- figures ---------------------------------------------------------------------------------

.PHONY: bench
bench: $(addprefix bench-,$(BENCHES)) ## all figures; bench-NAME runs bench/NAME.py alone

bench-%: dev
	$(call say,bench $*)
	@mkdir -p bench/results
	@$(BIN)/python bench/$*.py

# What two nodes spend on finding what differs comes before what they then send.
bench-sync: bench-reconcile

# --- the simulator ---------------------------------------------------------------------------

SEEDS ?= 200
SEASONS ?= 20

.PHONY: sim sim-long sim-seasons sim-bugs
sim: dev ## SEEDS=200 seeds of the fault simulator; SEEDS=17-17 is one of them
	$(call say,simulated streets)
	@$(BIN)/python -m fedretail.testing.sim --seeds $(SEEDS) --jobs $(JOBS)

sim-long: ## thousands of seeds
	@$(MAKE) sim SEEDS=5000

sim-seasons: dev ## SEASONS=20 seeds of 600 days each: deletions that leave, nodes that sleep
	$(call say,simulated seasons)
	@$(BIN)/python -m fedretail.testing.sim --seasons $(SEASONS) --jobs $(JOBS)

sim-bugs: dev ## plant each bug in turn, and count the seeds that find it
	@$(BIN)/python -m fedretail.testing.sim --bugs-table --seeds $(SEEDS) --jobs $(JOBS)

# --- hostile bytes ---------------------------------------------------------------------------

N ?= 1000000
HOSTILE := $(BIN)/python -m fedretail.testing.hostile

.PHONY: hostile hostile-daemon kill-loop
hostile: dev ## N=1000000 mutated frames against a live session; SEED=7 ROUND=40 repeats, goes on
	$(call say,hostile bytes)
	@$(HOSTILE) frames --frames $(N) --jobs $(JOBS) $(if $(SEED),--seed $(SEED)) \
	    $(if $(ROUND),--round $(ROUND))

hostile-daemon: dev ## attacks on a running daemon: garbage, floods, half-open peers; on Linux
	$(call say,a daemon under siege)
	@$(HOSTILE) daemon

ROUNDS ?= 200

kill-loop: dev ## ROUNDS=200 kills of a daemon under load; nothing that was saved is lost
	$(call say,kill -9)
	@$(HOSTILE) kills --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

# --- housekeeping ----------------------------------------------------------------------------

.PHONY: licences constraints clean texts
texts: dev ## texts of the pages into fedretail/web/locale, translations compiled
	@$(BIN)/python tools/texts.py

licences: dev ## write NOTICE; fails on a licence nobody has looked at
	@$(BIN)/python tools/licences.py

licences-check: dev
	$(call say,licences)
	@$(BIN)/python tools/licences.py --check

constraints: preflight ## resolve the newest versions anew into constraints.txt
	$(call fresh,.venv-constraints)
	.venv-constraints/bin/python -m pip install -e ".[dev]"
	.venv-constraints/bin/python tools/constraints.py > constraints.txt.new
	mv constraints.txt.new constraints.txt
	rm -rf .venv-constraints

clean: ## remove everything that make has made
	rm -rf $(VENV) $(TYPES_VENV) .venv-constraints docs/_build bench/results dist demo-data \
	    .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
