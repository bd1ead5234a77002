# Everything runs in a virtual environment of its own; the first target that needs it sets it up (a few minutes).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup demo paper ablations test test-slow test-docs docs reference test-wheel wheel check bench sandbox-base clean

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(READY)  ## The virtual environment, from constraints.txt

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is older; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	@touch $(READY)

demo: $(READY)  ## The whole method on this machine: no key, no GPU, a few minutes
	$(BIN)/supercorrect run recipes/sandbox.yaml

paper: $(READY)  ## Every table and figure of the paper on the sandbox, three seeds, into docs/sandbox_results.md
	$(BIN)/python -m supercorrect.paper paper

ablations: $(READY)  ## What goes beyond the paper, into docs/sandbox_ablations.md
	$(BIN)/python -m supercorrect.paper ablations

test: $(READY)  ## All tests but the slow ones
	$(BIN)/pytest -m "not slow" -n 2

test-slow: $(READY)  ## The slow tests
	$(BIN)/pytest -m slow

test-docs: $(READY)  ## Every command and example of README and docs, on small stand-ins
	$(BIN)/pytest tests/docs tests/formats/test_formats_page.py -m "slow or not slow" -n 2

docs: $(READY)  ## The docs site, into site/
	$(BIN)/mkdocs build

reference: $(READY)  ## The pages that are made from the code: the command line, the recipe's schema
	$(BIN)/typer supercorrect.cli utils docs --name supercorrect --output docs/reference/cli.md
	$(BIN)/supercorrect schema > docs/recipe.schema.json

test-wheel: $(READY)  ## The wheel alone, in environments of its own: init, run, view, solve, serve
	$(BIN)/python tests/try_wheel.py

wheel: $(READY)  ## Build wheel and sdist, into dist/
	$(BIN)/python -m build

check: $(READY)  ## Format, lint, types, layers, known holes, and every committed recipe
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/bandit -q -c pyproject.toml --severity-level medium -r src
	$(BIN)/python tools/audit_dependencies.py constraints.txt
	$(BIN)/pytest tests/test_recipes.py

bench: $(READY)  ## Side by side with peers, one file a question
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

sandbox-base: $(READY)  ## Train the sandbox's base student again, from nothing
	$(BIN)/python -m supercorrect.sandbox.base_training

clean:  ## Remove what is made: the environment, caches, runs
	rm -rf .venv runs build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
