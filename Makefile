# Every target sets up .venv by itself when it is missing or older than pyproject.toml and constraints.txt.
PYTHON ?= python3
BIN := .venv/bin
BASE := .venv/.base-installed
DEV := .venv/.dev-installed
BENCH := .venv/.bench-installed
DOCS := .venv/.docs-installed
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
ARGS ?=
# Two tests at a time; one thread each, for sizes at which more threads only wait for each other.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadscope
# WITH_COVERAGE=1 writes what the fast tests cover to .coverage; `check` and CI set it. `make coverage` holds the gate.
# Not of the slow tests: tracing takes their processes half as long again.
WITH_COVERAGE ?=
COVERAGE := $(if $(WITH_COVERAGE),--cov --cov-append --cov-report= --cov-fail-under=0)

# Material for MkDocs prints an advertisement for its successor.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run sweep board demo docs pictures notebooks screenshots test lint slow verify coverage check bench \
  bench-sweeps bench-searches bench-tables bench-columns bench-diagnosis bench-blind clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(BASE)  ## train the default experiment (ARGS="model.hidden=[32] ..." overrides it)
	@$(BIN)/litmus train $(ARGS)

sweep: $(BASE)  ## a small grid over learning rate and hidden units (ARGS=... adds overrides)
	@$(BIN)/litmus train -m optimizer.lr=0.001,0.01,0.1 'model.hidden=[20],[50],[100]' $(ARGS)

board: $(BASE)  ## TensorBoard over outputs/ on localhost
	@$(BIN)/litmus board $(ARGS)

demo: $(DEV)  ## what litmus does, on a real table and on some that the demo writes, in a few minutes
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

docs: $(DOCS)  ## the documentation as a site, offline, in build/site
	@$(MKDOCS) build --strict --quiet
	@echo "open build/site/index.html"

pictures: $(DEV)  ## the figures in the documentation anew, from real runs: ten minutes (ARGS="lr_too_high ..." for some)
	$(BIN)/python docs/pictures.py $(ARGS)

notebooks: $(DEV) $(DOCS)  ## the example notebooks anew
	$(BIN)/python docs/notebooks.py $(ARGS)

screenshots: $(DEV)  ## the screenshots of report, sweep page and TensorBoard anew (needs chromium)
	$(BIN)/python docs/screenshots.py $(ARGS)

test: $(DEV)  ## the fast tests
	$(PYTEST) -m "not slow and not verify" $(COVERAGE) $(ARGS)

lint: $(DEV)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict src

slow: $(DEV)  ## the slow tests
	$(PYTEST) -m "slow and not verify" $(ARGS)

verify: $(DEV) $(DOCS)  ## every kind of page in a browser, the site, and what the documents claim of sweeps: not in CI
	@$(MAKE) --no-print-directory docs
	$(PYTEST) -m verify $(ARGS)

coverage: $(DEV)  ## the report and gate over what the fast tests covered last
	$(BIN)/coverage report

check: lint  ## format, lint, types, all tests, coverage: what CI runs
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory test WITH_COVERAGE=1
	@$(MAKE) --no-print-directory coverage
	@$(MAKE) --no-print-directory slow

bench: $(BENCH)  ## speed against a hand-written loop
	$(BIN)/python benchmarks/speed.py $(ARGS)

bench-sweeps: $(BENCH)  ## sweeps against loops by hand and in the shell: ten minutes on two quiet cores
	$(BIN)/python benchmarks/speed.py --parts sweeps --rounds 3 $(ARGS)

bench-searches: $(BENCH)  ## the overhead of each launcher, and TPE beside random search: twenty minutes
	$(BIN)/python benchmarks/speed.py --parts launchers,searches --rounds 2 $(ARGS)

bench-tables: $(BENCH)  ## the defaults against scikit-learn on real tables that packages ship
	$(BIN)/python benchmarks/tables.py $(ARGS)

bench-columns: $(BENCH)  ## how often real columns are read as a person would read them
	$(BIN)/python benchmarks/columns.py $(ARGS)

bench-diagnosis: $(BENCH)  ## how often the diagnosis is right, on planted faults and healthy controls
	$(BIN)/python benchmarks/diagnosis.py $(ARGS)

bench-blind: $(BENCH)  ## the same on real tables, by cases whose author has not read the rules
	$(BIN)/python benchmarks/blind_diagnosis.py $(ARGS)

clean:  ## remove .venv, caches and builds; outputs/ stays
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Litmus needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 2; } >&2
	@echo "setting up .venv: two or three minutes, once"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 2; }

$(BASE): pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable .
	@touch $@

$(DEV): pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable '.[all,dev]'
	@touch $@ $(BASE)

$(BENCH): $(DEV)
	$(PIP) --editable '.[all,dev,bench]'
	@touch $@

$(DOCS): pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable '.[docs]'
	@touch $@ $(BASE)
