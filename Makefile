# labeler: every command does all the set-up it needs and does it once.

.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-both test-consumers soak lint browser bench bench-quality screens dist messages requirements clean

# The newest Python from 3.11 on that can make a virtual environment.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$name && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -B -m pip --quiet --disable-pip-version-check
UV_INSTALL := deploy/uv.sh pip install --quiet --compile-bytecode --python $(BIN)/python
# What labeler never imports is not compiled; Python does that for whoever does import it.
UNCOMPILED := /(pandas|pip|f2py|testing|tests?)/
# These bring their own tests along, 30 MB of them.
TESTED := $(addprefix .venv/lib/python3*/site-packages/,numpy pandas pyarrow)
LOCK := deploy/uv.sh pip compile --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate $(UPGRADE)
# Nothing reads these: headers for C++, a protocol between databases (Arrow Flight), names of
# countries in 100 languages, a list of banks.
UNREAD := $(addprefix .venv/lib/python3*/site-packages/,pyarrow/include pyarrow/_flight.* \
	pyarrow/flight.* pyarrow/libarrow_flight.* pyarrow/libarrow_python_flight.* pycountry/locales \
	schwifty/bank_registry)
PROCESSES ?= 3
PORT ?= 8000
# A soak ends with the round of races that is under way then, and not before the long tests do.
MINUTES ?= 30
# Tests start many programs, which need not compile the same again: not even where an environment
# keeps Python from writing down what it compiled.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(PROCESSES)
LINT := $(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet && $(BIN)/mypy \
	&& $(BIN)/lint-imports --no-logo
# Nothing there reaches for a network, whatever those libraries would like to look up.
CONSUMERS := HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 .consumers/bin/python
RACES := tests/labeler/work/test_races.py tests/journeys/test_barrier.py tests/journeys/test_crowd.py

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: .venv/.runtime .venv/.catalogues ## everything that labeler needs to run, in .venv

demo: setup ## a site with a small project to look at; PORT=8001 for another port
	@$(BIN)/labeler demo --port $(PORT)

# Lint runs beside the tests, which leave a processor idle a quarter of the time.
test: .venv/.dev .venv/.catalogues browser ## the whole gate: lint, types, imports, every test
	@($(LINT)) & lint=$$!; \
	$(PYTEST); tests=$$?; \
	wait $$lint && exit $$tests

test-both: .venv/.dev .venv/.catalogues browser ## every test, on SQLite and on PostgreSQL; 40 minutes
	@LABELER_BOTH=1 $(PYTEST)

test-consumers: .venv/.runtime .venv/.catalogues .consumers/.ready ## trainers learn from releases, loaders read them; minutes, 2 GB
	@$(CONSUMERS) -m pytest -c tests/consumers/pytest.toml tests/consumers

soak: browser ## long versions of the tests that have one, then races; MINUTES=30
	@end=$$(($$(date +%s) + 60 * $(MINUTES))); \
	LABELER_SOAK=1 $(PYTEST) -m soak -rP || exit 1; \
	while test $$(date +%s) -lt $$end; do \
		LABELER_BOTH=1 $(PYTEST) $(RACES) || exit 1; \
	done

lint: .venv/.dev ## style, types and who imports whom
	@$(LINT)

browser: .venv/.dev ## Chromium and fonts, if there are none
	@$(BIN)/python -m tests.browser.chromium

bench: .venv/.dev ## how fast it is on this machine, into docs/performance.md; an hour
	@$(BIN)/python -m bench --write $(BENCH)

bench-quality: .venv/.dev ## how far the statistics keep their promises, into docs/quality.md
	@$(BIN)/python -m bench.quality --write

screens: browser ## the pictures in README and docs anew; ALL=DIR takes every page
	@$(BIN)/python -m tests.browser.screens $(ALL)

dist: .venv/.build .venv/.uv ## the wheel and the source archive, in dist/
	@deploy/uv.sh build --quiet --no-build-isolation --clear --python $(BIN)/python

messages: .venv/.dev ## the texts of the code into the catalogues of the other languages
	@$(BIN)/python deploy/catalogues.py

requirements: .venv/.uv ## the pinned requirements anew; UPGRADE=--upgrade takes newer ones
	@$(LOCK) pyproject.toml -o deploy/requirements.txt
	@$(LOCK) pyproject.toml --group build --group uv --group dev -c deploy/requirements.txt \
		-o deploy/requirements-dev.txt
	@$(LOCK) --group build -c deploy/requirements-dev.txt -o deploy/requirements-build.txt
	@$(LOCK) --group uv -c deploy/requirements-dev.txt -o deploy/requirements-uv.txt
	@$(LOCK) --group consumers -o deploy/requirements-consumers.txt
	@$(LOCK) --group loaders --no-deps -o deploy/requirements-loaders.txt

clean: ## away with the environments and what tools left behind
	@rm -rf .venv .consumers build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

.venv/.python:
	@test -n "$(PYTHON)" || { echo "labeler needs Python 3.11 or newer with its venv module" \
		"(on Debian and Ubuntu: the package python3-venv)."; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
	@$(PIP) uninstall --yes setuptools 2>/dev/null
	@find .venv -path '*/pip/*' -name '*.pyc' -delete
	@touch $@

.venv/.build: .venv/.python deploy/requirements-build.txt
	@$(PIP) install --no-compile --require-hashes -r deploy/requirements-build.txt
	@touch $@

.venv/.runtime: .venv/.build deploy/requirements.txt pyproject.toml
	@echo "installing labeler"
	@$(PIP) install --no-compile --require-hashes -r deploy/requirements.txt
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@find $(TESTED) -type d -name tests -prune -exec rm -r {} +
	@rm -rf $(UNREAD)
	@$(BIN)/python -m compileall -q -j 0 -x '$(UNCOMPILED)' .venv/lib/python3*/site-packages
	@touch $@

.venv/.uv: .venv/.python deploy/requirements-uv.txt
	@$(PIP) install --no-compile --require-hashes -r deploy/requirements-uv.txt
	@touch $@

.venv/.catalogues: .venv/.build deploy/wheel.py $(wildcard labeler/translations/*/LC_MESSAGES/*.po)
	@$(BIN)/python deploy/wheel.py
	@touch $@

.venv/.dev: .venv/.runtime .venv/.uv deploy/requirements-dev.txt | .venv/.catalogues
	@echo "installing what the tests need"
	@$(UV_INSTALL) --require-hashes -r deploy/requirements-dev.txt
	@touch $@

.consumers/.ready: .venv/.uv deploy/requirements-consumers.txt deploy/requirements-loaders.txt
	@echo "installing those who read releases"
	@$(PYTHON) -m venv --clear --without-pip .consumers
	@deploy/uv.sh pip install --quiet --no-deps --require-hashes --python .consumers/bin/python \
		-r deploy/requirements-consumers.txt -r deploy/requirements-loaders.txt
	@touch $@
