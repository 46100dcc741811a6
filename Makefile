# The few verbs. On a fresh machine they need git, make and Python 3.11 or newer; everything else goes into .venv.
.DEFAULT_GOAL := help
.PHONY: help demo test soak check bench docs
.DELETE_ON_ERROR:

BIN := .venv/bin
SYNC := UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never $(BIN)/uv sync --quiet --frozen --inexact --python $(BIN)/python
RUN := .venv/.ready-to-run
DEVELOP := .venv/.ready-to-develop
POSTGRESQL := .venv/.postgresql-looked-for

help:
	@echo "make demo [ONCE=1]                   see it work: a directory, a GoTo emulator and a few cycles, on this machine"
	@echo "make test                            every test but the long ones"
	@echo "make soak [KILLS= SEEDS= PEOPLE=]    the long ones: large directories, killed services"
	@echo "make check                           style, types, layers, spelling, house rules"
	@echo "make bench [PEOPLE=]                 what the engine adds to the requests themselves"
	@echo "make docs                            do all links lead somewhere, are all settings explained?"

demo: $(RUN)
	$(BIN)/provisor demo $(if $(ONCE),--once)

test: $(DEVELOP) | $(POSTGRESQL)
	$(BIN)/pytest tests -m "not soak" -n 2

soak: $(DEVELOP) | $(POSTGRESQL)    # what is given on make's command line is in the tests' environment
	$(BIN)/pytest tests -m soak -s

check: $(DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/pytest tests/house

bench: $(DEVELOP)
	$(BIN)/python bench/cycle.py

docs: $(DEVELOP)
	$(BIN)/pytest tests/house/test_docs.py

# ---- the virtual environment: made once, and brought up to date when the lock file changes

$(RUN): uv.lock pyproject.toml | $(BIN)/uv
	$(SYNC) --no-dev
	@touch $@

$(DEVELOP): uv.lock pyproject.toml | $(BIN)/uv
	$(SYNC)
	@touch $@ $(RUN)

# ---- PostgreSQL, which half of the store's tests need: installed where that is possible, else they are skipped

$(POSTGRESQL): | $(DEVELOP)
	@if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then touch $@; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null && touch $@; \
	else echo "PostgreSQL is not installed, and its tests are skipped: sudo apt-get install postgresql" >&2; fi

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(BIN)/python:
	@for python in python3.13 python3.12 python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv .venv && exit 0; \
	    rm -rf .venv; \
	    echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	  fi; \
	done; \
	echo "Provisor needs Python 3.11 or newer, and found none on the PATH" >&2; exit 1
