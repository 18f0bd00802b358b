# Two targets matter: `make demo` and `make test`. Both need only Python 3.11+ and the package registries.
PYTHON ?= python3
UV_VERSION := 0.13.9
DEMO := demo

export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON := $(PYTHON)
export UV_PROJECT_ENVIRONMENT := .venv

# What meets the database: the pages, actions, imports and scores, and processes that are killed.
ON_POSTGRESQL := tests/app tests/cli/test_application.py tests/cli/test_kill.py \
	tests/browser/test_morning.py --ignore tests/app/test_words.py --ignore tests/app/test_walk.py

UV := .tools/bin/uv
RUN := .venv/bin

.PHONY: help demo wheel test lint types unit docs clean

help:
	@echo "make demo   build everything, simulate a sales organisation, and serve the product with it"
	@echo "make wheel  build dist/tsunagu-*.whl, complete, to install elsewhere"
	@echo "make test   run everything: lint, types, architecture, tests, browser; again on PostgreSQL"
	@echo "make docs   write docs/reference/cli.md anew from the commands"
	@echo "make clean  remove what the two made"

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.run: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --inexact
	@touch $@

.venv/.dev: $(UV) pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --all-extras
	@touch $@ .venv/.run

# What browsers load, and the translations: made from what the repository holds, committed nowhere.
.venv/.assets: .venv/.run frontend/package-lock.json frontend/icons.txt scripts/assets
	$(RUN)/python scripts/assets
	@touch $@

.venv/.messages: .venv/.run scripts/messages $(shell find src -name '*.po')
	$(RUN)/python scripts/messages
	@touch $@

demo: .venv/.assets .venv/.messages
	$(RUN)/tsunagu demo $(DEMO)

wheel: .venv/.assets .venv/.messages
	$(UV) build --quiet --wheel --out-dir dist

test: lint types unit

lint: .venv/.dev
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports

types: .venv/.dev
	$(RUN)/mypy

unit: .venv/.dev .venv/.assets .venv/.messages
	scripts/debian-packages
	$(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
	scripts/with-postgresql $(RUN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ON_POSTGRESQL)

docs: .venv/.dev
	$(RUN)/typer tsunagu.cli.main utils docs --name tsunagu --output docs/reference/cli.md

clean:
	rm -rf .venv .tools $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
