# Everything starts here; all that is needed is Python 3.11+ and make.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: setup demo test test-long bench pins clean

setup: .venv/run.stamp .venv/compiled.stamp src/saqta/web/assets/.stamp

demo: setup
	@$(BIN)/saqta demo $(ARGS)

test: setup .venv/test.stamp
	@.ci/checks

test-long: setup .venv/test.stamp
	@$(BIN)/pytest -q -m long --timeout 3600 $(ARGS)

bench: setup .venv/bench.stamp
	@$(BIN)/saqta bench all $(ARGS)

.venv/run.stamp: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Saqta needs Python 3.11 or newer")'
	@echo "Setting up .venv (once, about a minute) ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: requirements/test.txt .venv/run.stamp
	@echo "Adding what the tests need ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/run.stamp
	@echo "Adding the peers that are measured beside it ..." >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

.venv/compiled.stamp: .venv/run.stamp $(wildcard src/saqta/fraud/engine/*.py)
	@echo "Compiling the decision path ..." >&2
	@$(BIN)/python -m saqta.fraud.serving.compiling
	@touch $@

src/saqta/web/assets/.stamp: .venv/run.stamp $(shell find pages -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	@echo "Building the pages ..." >&2
	@.ci/npm ci --silent --no-audit --no-fund
	@.ci/npm run --silent build
	@touch $@

# Renews the pins; uv itself comes from its wheel, into a folder of its own.
pins:
	@$(PYTHON) -m venv .venv/pins && .venv/pins/bin/pip install --quiet uv
	@.venv/pins/bin/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	  --no-emit-index-url pyproject.toml requirements/build.in -o requirements/run.txt
	@.venv/pins/bin/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	  --no-emit-index-url -c requirements/run.txt requirements/test.in -o requirements/test.txt
	@.venv/pins/bin/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	  --no-emit-index-url -c requirements/run.txt requirements/bench.in -o requirements/bench.txt

clean:
	rm -rf .venv pages/node_modules src/saqta/web/assets
