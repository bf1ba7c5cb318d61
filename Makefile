# Each target sets up its own .venv when it must; nothing but Python is needed beforehand.
# Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/pytest -n 2 --dist loadgroup
DEMO := $(BIN)/raceexplore run models/ticketing/buggy.py --budget 10000

.PHONY: help demo test test-all lint docs screenshots bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo      find, shrink and show the bug of models/ticketing"
	@echo "make test      lint, types and the tests (without the slow ones)"
	@echo "make test-all  lint, types and every test"
	@echo "make lint      ruff and mypy"
	@echo "make docs      write what the examples print now into the documents"
	@echo "make screenshots  take the pictures of docs/reports.md again (wants Chromium)"
	@echo "make bench     the benchmarks, one after the other"
	@echo "make clean     remove .venv, caches and build results"

# Status 1 of raceexplore means "failure found": the only good end of this demonstration. Python too
# ends with 1 when it cannot import the command, so that is tried first.
demo: $(READY)
	@$(BIN)/raceexplore --version >/dev/null
	@echo '$$ raceexplore run models/ticketing/buggy.py --budget 10000'
	@status=0; $(DEMO) || status=$$?; \
	if [ $$status -ne 1 ]; then \
		echo "make demo: expected status 1 (failure found), got $$status" >&2; exit 1; \
	fi

test: lint
	$(PYTEST) -m "not slow"

test-all: lint
	$(PYTEST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python tests/support/documents.py

screenshots: $(READY)
	$(BIN)/python tests/support/screenshots.py

bench: $(READY)
	@set -e; for file in benchmarks/*.py; do \
		if [ ! -e "$$file" ]; then echo "make bench: benchmarks/ holds no *.py yet" >&2; exit 1; fi; \
		echo "== $$file"; $(BIN)/python "$$file"; \
	done

$(READY): pyproject.toml
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo "raceexplore needs Python 3.11 or newer; '$(PYTHON)' was not found (try make PYTHON=...)" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "raceexplore needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1) (try make PYTHON=...)" >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
