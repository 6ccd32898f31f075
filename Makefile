# Everything runs in .venv, set up once from requirements.lock. Nothing outside this folder is
# changed, except that `make test` as root on Debian installs Chromium and a Chinese font.

PYTHON ?= python3
PORT ?= 8080
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check rules bench chaos lock browser clean

help:
	@echo "make demo [PORT=8080]  a sample company on a page of phones, in the browser"
	@echo "make test [ARGS=...]   the tests; ARGS goes to pytest"
	@echo "make check             style, types, floors, dependencies, texts"
	@echo "make rules             which rules of the regulations are carried out"
	@echo "make bench             rates and delays, beside their peers"
	@echo "make chaos             the long campaign of kills and faults"
	@echo "make lock              renew the lock files: for development, and to run"

$(READY): requirements.lock pyproject.toml tests/tools/find-python.sh
	@python=$$(sh tests/tools/find-python.sh "$(PYTHON)") && \
	  echo "Setting up $(VENV) with $$python" && \
	  "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)
	@exec $(BIN)/dossierbot demo --port $(PORT) $(ARGS)

browser:
	@sh tests/tools/browser.sh

test: $(READY) browser
	@$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m pytest tests/house

rules: $(READY)
	@$(BIN)/python tests/rules_report.py $(ARGS)

bench: $(READY)
	@$(BIN)/python -m bench $(ARGS)

chaos: $(READY)
	@$(BIN)/python -m pytest -m chaos --campaign $(ARGS)

lock: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml \
	  --output-file requirements.lock
	@echo "setuptools>=77" | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --constraint requirements.lock pyproject.toml - --output-file requirements-run.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
