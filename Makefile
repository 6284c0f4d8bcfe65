# rua: DMARC and SMTP TLS reports to answers. `make help` says what each target does.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help run demo test test-fast coverage seeds mutants lint types imports check bench soak picture clean

help: ## Say what each target does
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

# Everything the project needs, in an environment of its own; made again when the pins change.
$(VENV)/.complete: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "rua needs Python 3.11 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

run: $(VENV)/.complete ## Set up, make a demo mailbox, read it, and start the dashboard
	@test -f $(DEMO)/truth.json || $(BIN)/rua demo --out $(DEMO)
	@$(BIN)/rua --config $(DEMO)/rua.toml ingest $(DEMO)/mails
	@$(BIN)/rua --config $(DEMO)/rua.toml dashboard --no-browser

demo: $(VENV)/.complete ## Make a fresh demo mailbox and read it
	rm -rf $(DEMO)
	$(BIN)/rua demo --out $(DEMO)
	$(BIN)/rua --config $(DEMO)/rua.toml ingest $(DEMO)/mails

test: $(VENV)/.complete ## Set up, install the servers and the browser the tests use, run every test
	sh deploy/system-packages.sh
	$(BIN)/pytest -n 2 --dist worksteal $(PYTEST_ARGS)

test-fast: $(VENV)/.complete ## The unit tests alone: no servers, no browser, no processes
	$(BIN)/pytest -n 2 --dist worksteal tests/unit $(PYTEST_ARGS)

coverage: $(VENV)/.complete ## Every test, and which lines and branches they reach
	sh deploy/system-packages.sh
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term-missing $(PYTEST_ARGS)

seeds: $(VENV)/.complete ## More of the simulated histories: verdicts, classes, losses; minutes
	$(BIN)/pytest -n 2 -m seeds $(PYTEST_ARGS)

mutants: $(VENV)/.complete ## Plant 200 small faults, one at a time: how many do the tests find? Hours
	nice $(BIN)/python -m tests.mutants.run $(MUTANTS_ARGS)

lint: $(VENV)/.complete ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.complete ## Types, strict
	$(BIN)/mypy

imports: $(VENV)/.complete ## The import rule between the packages
	$(BIN)/lint-imports

check: test lint types imports ## All of the above

bench: $(VENV)/.complete ## Mails a second, beside parsedmarc's CLI; answers at ten million records
	$(BIN)/python -m benchmarks.mails
	$(BIN)/python -m benchmarks.classes
	$(BIN)/python -m benchmarks.screens

soak: $(VENV)/.complete ## A million fuzzed documents, then 500 kills: most of two hours (docs/soak.md)
	nice $(BIN)/python -m tests.soak.soak --documents 1000000 --write docs/soak.md
	nice $(BIN)/python -m tests.soak.kills --kills 500

picture: $(VENV)/.complete ## Take the pictures of the docs again, from the demo, in Chromium
	$(BIN)/python -m tests.pictures.screens
	$(BIN)/python -m tests.pictures.weekly

clean: ## Remove the environment, the demo and the caches
	rm -rf $(VENV) $(DEMO) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
