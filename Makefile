# Everything a developer does here. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
BIN := .venv/bin
UV_VERSION := 0.13.8
INSTALLED := .venv/installed
SOURCES := ingestion services pipelines quality dashboards local tests benchmarks

# Each process would compile all it imports anew, which is half of a start.
unexport PYTHONDONTWRITEBYTECODE

# Charities of the demo's city: one or more IRS EO BMF extracts (paths or URLs).
CHARITIES ?=
# Tests run in as many processes; each starts servers of its own.
WORKERS ?= 2
SEED ?= 1
DAYS ?= 30

help: ## Say what each target does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Create .venv with the pinned dependencies.

$(INSTALLED): requirements.lock pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo 'Python 3.11 is needed; set PYTHON=/path/to/python3.11'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --python $(BIN)/python -e .
	@touch $@

demo: install ## Run a seeded city through the whole platform, from events to dashboards.
	@$(BIN)/heyblue demo --seed $(SEED) --days $(DAYS) $(foreach file,$(CHARITIES),--charities $(file))

up: install ## Keep the platform running, the city living on, until Ctrl-C.
	@$(BIN)/heyblue up --seed $(SEED)

test: install browser ## Run the whole test suite.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: install browser ## What CI runs: format, lint, types, generated files, tests.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/heyblue contracts check
	@$(BIN)/cfn-lint infra/template.yaml
	@$(BIN)/sqlfluff lint --disable-progress-bar dbt/models dbt/tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

generate: install ## Write every file that follows from the contracts and the services.
	@$(BIN)/heyblue contracts generate

format: install ## Format the code.
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: install ## Pin the newest versions that pyproject.toml allows.
	@$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --python-version 3.11 --extra dev \
	  pyproject.toml --output-file requirements.lock

package: install ## Build build/functions.zip, the code of the Lambda functions.
	@$(BIN)/heyblue package

bench: install ## Print the benchmarks, each beside its limit.
	@$(BIN)/python -m benchmarks

# Pages are tested in a real browser; the platform itself needs none.
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 \
	  || { echo 'installing Chromium for the browser tests'; \
	       apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || { echo 'Chromium is needed for the browser tests: install it and try again'; exit 1; }

clean: ## Remove what the project built; .venv stays.
	@rm -rf build dbt/target dbt/logs .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help install demo up test check generate format lock package bench browser clean
