# `make help` lists the targets; each prepares what it needs.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check bench lock clean
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
# Trust what the machine trusts: behind a company's proxy the certificates that uv brings are not enough.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1
endif

# uv from the system, else a private copy in .uv (never in the system's site-packages).
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON := .venv/bin/python

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## prepare .venv: every dependency, pinned by hash

.uv/bin/uv:
	@echo "uv is not installed: putting it into .uv" >&2
	@python3 -m venv .uv 2>/dev/null && .uv/bin/python -m pip install -q --disable-pip-version-check -r requirements/uv.txt --require-hashes \
	  || { rm -rf .uv; python3 -m pip install -q --disable-pip-version-check --target .uv -r requirements/uv.txt --require-hashes; }

.venv/.ready: requirements/dev.txt pyproject.toml Makefile | $(filter .uv/bin/uv,$(UV))
	@test -x $(PYTHON) || $(UV) venv -q --clear --python '>=3.11,<3.14' .venv
	@echo "installing the locked dependencies into .venv" >&2
	@$(UV) pip sync -q --python $(PYTHON) --require-hashes --compile-bytecode requirements/dev.txt
	@$(UV) pip install -q --python $(PYTHON) --no-deps --no-build-isolation --editable .
	@PYTHONDONTWRITEBYTECODE= $(PYTHON) -m compileall -q src
	@touch $@

demo: setup ## a simulated league through the whole chain, offline
	@.venv/bin/tipoff demo

test: check ## all correctness tests (under 8 minutes on 2 cores)
	$(PYTHON) -m pytest -m "not slow"

test-slow: setup ## kills, soaks, images and browsers (under 45 minutes)
	$(PYTHON) -m pytest -m slow

check: setup ## format, lint, types
	.venv/bin/ruff format --check src tests benchmarks
	.venv/bin/ruff check src tests benchmarks
	.venv/bin/mypy
	.venv/bin/sqlfluff lint -q src/tipoff

bench: setup ## time the nightly job against a floor taken in the same run
	@PYTHONDONTWRITEBYTECODE= $(PYTHON) -m compileall -q src
	$(PYTHON) benchmarks/cold_start.py

# Locks name no host: --no-emit-index-url, and uv.lock stays out of git.
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml
lock: | $(filter .uv/bin/uv,$(UV)) ## pin every dependency again (PACKAGES are upgraded)
	$(COMPILE) -o requirements/job.txt
	$(COMPILE) --extra pipeline -o requirements/pipeline.txt
	$(COMPILE) --extra serve -o requirements/serve.txt
	$(COMPILE) --extra train --extra pipeline -o requirements/train.txt
	$(COMPILE) --all-extras --group dev -o requirements/dev.txt
	echo 'uv==0.13.9' | $(subst pyproject.toml,-,$(COMPILE)) -o requirements/uv.txt

clean: ## remove what make has installed
	rm -rf .venv .uv build dist .mypy_cache .ruff_cache .pytest_cache
