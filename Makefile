# The whole tool chain. `make` alone lists what there is.
PYTHON ?= python3
PY     := .venv/bin/python
CODE    = $(wildcard kernel contracts services frontend portal bench tests)
SMOKE   = $(if $(wildcard bench/__main__.py),bench-smoke) \
          $(if $(wildcard tests/fault/__main__.py),fault-smoke)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup setup-dev run test lint pytest chromium rules bench bench-smoke fault \
        fault-smoke import contracts format lock clean-data

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## install what the portal runs on into .venv (PYTHON=python3.12 picks another)

setup-dev: .venv/.ready-dev ## and what tests and checks need

run: .venv/.ready ## run the whole portal on this machine
	@$(PY) -m portal run

test: lint chromium pytest rules $(SMOKE) ## everything CI checks

lint: .venv/.ready-dev ## style, types and the fences between packages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy $(CODE)
	PYTHONPATH=. .venv/bin/lint-imports --cache-dir var/cache/imports

pytest: .venv/.ready-dev ## all tests (ARGS="-k labs" picks some)
	$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

chromium: .venv/.ready-dev
	@$(PY) -m tests.browser.chromium

rules: .venv/.ready-dev ## every rule with the tests that prove it (STRICT=1: each must have one)
	@$(PY) tests/rules.py

bench: .venv/.ready-dev ## measure the portal
	$(PY) -m bench

bench-smoke: .venv/.ready-dev ## the same, a few seconds only
	$(PY) -m bench --smoke

fault: .venv/.ready-dev ## kill, cut and wipe things while the portal works
	$(PY) -m tests.fault

fault-smoke: .venv/.ready-dev ## the same, a few seconds only
	$(PY) -m tests.fault --smoke

import: .venv/.ready ## read files into the portal: make import PATHS="a.hl7 b.json"
	@$(PY) -m portal import $(PATHS)

contracts: .venv/.ready ## write the snapshots of the published language
	@$(PY) -m contracts.snapshot

format: .venv/.ready-dev ## let ruff fix what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: .venv/.ready ## resolve requirements*.in anew into the lock files
	@$(PY) -m pip install --quiet uv==0.13.9
	@for name in requirements requirements-dev; do \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --custom-compile-command "make lock" \
			$$name.in -o $$name.lock >/dev/null || exit 1; \
	done
	@! grep -nE 'https?://' requirements*.lock

clean-data: ## forget all data of the local portal
	@if [ -d var ] && [ -x $(PY) ]; then \
		$(PY) -c 'import pathlib, portal.places as p; p.hold(pathlib.Path("var"))'; fi
	rm -rf var

.venv/.ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with PYTHON=python3.12")'
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv
	@echo "Installing what the portal runs on (a minute the first time) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
	@echo "Ready."

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@echo "Installing what tests and checks need ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
	@echo "Ready for tests."
