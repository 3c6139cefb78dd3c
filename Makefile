# Everything runs from this checkout: the virtual environment, caches and state live in it and nowhere else.
PYTHON ?= python3
UV_VERSION := 0.13.9
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PREFECT_HOME := $(CURDIR)/.state/prefect
export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE :=
RUN := .venv/bin/python -m
FAULTS := $(addprefix tests/house/test_,cancel_and_crash.py failures.py)
OPERATIONS := tests/house/test_operations.py
SOCKETS := hot-path gateway stand-ins
PATHS := $(filter-out %/__pycache__/,$(wildcard tests/gateway/*/))
FRONT := $(addprefix tests/,audio/ dashboard/ patches/ redaction/ search/)
HEAVY := $(filter-out $(FRONT) %/__pycache__/ $(addprefix tests/,house/ gateway/ clients/ simulator/ control/),$(wildcard tests/*/))

# What failed runs once more, and both are shown: a machine may stall, a fault stays.  A test that needs it is a bug.
SUITE = $(RUN) pytest -o cache_dir=.pytest_cache/$@ --durations=5
AGAIN = || { echo "=== once more, what failed in $@ ==="; $(SUITE) --lf --lfnf=none

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready ## swap a model on a simulated pair of Sparks, from nothing (ONCE=1: end by itself)
	@$(RUN) control.demo $(if $(ONCE),--once)

up: .venv/ready ## start Prefect's server, worker, observer and gateway for your own cluster
	@$(RUN) control.up

test: .venv/ready ## run every test (ARGS="tests/tasks -x": only those, with these options)
ifdef ARGS
	@$(RUN) pytest $(ARGS)
else
	@mkdir -p $(PREFECT_HOME)
	@$(MAKE) --no-print-directory -j3 --output-sync=line lane-faults test-swaps lane-rest
endif

# Three lanes: two of them each bring one house up at a time, the third takes what time they leave, two by two.
lane-faults:
	@MAKEFLAGS= $(MAKE) --no-print-directory -k test-faults test-operations

lane-rest:
	@MAKEFLAGS= nice -n 5 $(MAKE) --no-print-directory -k -j2 --output-sync=line test-heavy test-front test-sockets

test-faults:
	@$(SUITE) $(FAULTS) $(AGAIN) $(FAULTS); }

test-swaps:
	@$(SUITE) tests/house $(FAULTS:%=--ignore=%) --ignore=$(OPERATIONS) $(AGAIN) tests/house $(FAULTS:%=--ignore=%) --ignore=$(OPERATIONS); }

test-operations:
	@$(SUITE) $(OPERATIONS) $(AGAIN) $(OPERATIONS); }

# Prefect's server of tests/control stays until the end of the run, so these come last.
test-heavy:
	@$(SUITE) $(HEAVY) tests/control $(AGAIN) $(HEAVY) tests/control; }

test-front:
	@$(SUITE) $(FRONT) $(AGAIN) $(FRONT); }

# What waits for sockets and clocks most of the time: its three thirds together need one core.
test-sockets:
	@MAKEFLAGS= make --no-print-directory -j3 --output-sync=line $(SOCKETS:%=test-%)

test-hot-path:
	@$(SUITE) $(PATHS) $(AGAIN) $(PATHS); }

test-gateway:
	@$(SUITE) tests/gateway $(PATHS:%=--ignore=%) $(AGAIN) tests/gateway $(PATHS:%=--ignore=%); }

test-stand-ins:
	@$(SUITE) tests/simulator tests/clients $(AGAIN) tests/simulator tests/clients; }

check: .venv/ready ## format, lint, types, import rules, file sizes
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/mypy patches/parakeet
	@.venv/bin/lint-imports
	@.venv/bin/loq check

leaktest: .venv/ready ## the long search for what redaction lets through (some minutes)
	@SPARK_LEAK_SEEDS=3000 $(RUN) pytest tests/redaction

keys: .venv/ready ## add, list or revoke API keys (ARGS="add phone --scope inference")
	@$(RUN) control.keys $(or $(ARGS),list)

bench: .venv/ready ## measure what the documents claim
	@$(RUN) control.bench

deploy: .venv/ready ## publish the flows of prefect.yaml to a running Prefect server
	@$(RUN) control.prepare

clean: ## remove the virtual environment, caches and state
	rm -rf .venv .tools .cache .state .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed (Debian package python3): set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is needed: install the system package python3-venv"; exit 1; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/ready: uv.lock pyproject.toml | .tools/bin/uv
	@.tools/bin/uv sync --quiet --locked --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

.PHONY: leaktest help demo up test lane-faults lane-rest test-faults test-swaps test-operations test-heavy test-front test-sockets $(SOCKETS:%=test-%) check bench keys deploy clean
