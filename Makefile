# `make` alone lists the targets.
PYTHON ?= python3
# Test processes: more than cores, because many tests wait. All use one database server.
JOBS ?= 4
# `make lock LOCK=--upgrade` moves every pin to the newest version; otherwise pins that still fit stay.
LOCK ?=
# The revision that `make bench-compare` compares this folder with.
REV ?= main
# Where the list of packages goes.
SBOM ?= dist/sconto.cdx.json
SBOM_OPTIONS ?=

# The tests take many screenshots; the README shows these.
PICTURES := promotions-1280-light.png home-1280-light.png promotion-statistics-1280-light.png \
	cart-1280-light.png shop-product-360-light.png

# Keep compiled modules, whatever the environment says: a run of the tests starts a hundred processes.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
MANUAL := src/sconto/api/static/manual
PIP := $(BIN)/python -m pip --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(LOCK)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install browser pooler proxy typescript messages pictures demo docs sbom wheel test test-oldest test-fast lint openapi format bench bench-quick bench-compare soak audit lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: .venv/.run docs ## .venv with the sconto command in it
	@echo "Ready: $(BIN)/sconto --help"

demo: .venv/.run docs ## Sconto with a bundled database and a demo shop
	@$(BIN)/sconto demo

test: .venv/.dev docs browser pooler proxy typescript ## every check that CI runs
	@$(BIN)/pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder -m 'not soak' \
		--meanwhile '$(MAKE) lint' --meanwhile '$(MAKE) test-oldest'

test-oldest: .venv/.dev
	@$(BIN)/python -m tests.postgresql $(BIN)/pytest -q -m 'oldest and not soak' \
		$$(grep -rlw --include 'test_*.py' oldest tests/store tests/operations) --database-url

# Chromium without its windows opens a page with a quarter of the work.
browser:
	@command -v chromium-headless-shell >/dev/null || \
		tools/ensure-package chromium-headless-shell "A quicker browser for the tests" || \
		command -v chromium >/dev/null || tools/ensure-package chromium "Testing the portal in a browser"

pooler:
	@command -v pgbouncer >/dev/null || test -x /usr/sbin/pgbouncer || \
		tools/ensure-package pgbouncer "Testing the service behind a pooler"

typescript: clients/typescript/node_modules/.ready

# The package starts a web server, so nobody gets it on their own machine unasked.
proxy:
	@test -z "$$CI" || test -x /usr/sbin/nginx || tools/ensure-package nginx-light "Testing the service behind a proxy"

docs: $(MANUAL)/index.html ## build the manual that Sconto serves at /manual; a broken link fails

wheel: .venv/.dev ## the package, with the manual in it, in dist/
	@$(BIN)/python -m hatchling build -t wheel

sbom: .venv/.dev ## the packages that Sconto runs on, with their hashes, as CycloneDX in dist/
	@mkdir -p $(dir $(SBOM))
	@$(BIN)/cyclonedx-py requirements $(SBOM_OPTIONS) --output-reproducible --pyproject pyproject.toml \
		-o $(SBOM) requirements/run.txt

messages: .venv/.dev ## update the portal's texts for translators, and compile their catalogues
	@cd src/sconto/portal && $(abspath $(BIN))/pybabel -q extract -F locales/babel.cfg -k marked --no-location \
		--sort-output --project=Sconto --copyright-holder='Sconto contributors' -o locales/messages.pot .
	@$(BIN)/pybabel -q update -i src/sconto/portal/locales/messages.pot -d src/sconto/portal/locales --no-fuzzy-matching
	@$(BIN)/pybabel -q compile -d src/sconto/portal/locales

pictures: .venv/.dev browser ## take the README's pictures again
	@EVERY_LOOK=1 $(BIN)/pytest -q tests/portal
	@mkdir -p docs/pictures
	@cd build/screenshots && cp $(PICTURES) $(CURDIR)/docs/pictures/

test-fast: .venv/.dev ## the tests of the domain and of the source itself, in seconds
	@$(BIN)/pytest -m 'not soak' tests/domain tests/house

lint: .venv/.dev ## style, types, import directions and, if the advisory service answers, vulnerabilities
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyrefly check --summary=none
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/audit.py requirements/run.txt

openapi: .venv/.dev ## write /openapi.json and the types of the Python client, from the routes and openapi/
	@$(BIN)/python -m openapi

format: .venv/.dev ## format the code
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

bench: .venv/.dev ## the benchmarks, each compared with a limit measured in the same run
	@$(BIN)/python -m bench

bench-quick: .venv/.dev ## the benchmarks, a few seconds each
	@$(BIN)/python -m bench --quick

bench-compare: .venv/.dev ## what changed since REV=main: processor time of quotes and orders, in three minutes
	@$(BIN)/python -m bench --compare $(REV)

soak: .venv/.dev ## the long test campaigns, at most an hour
	@$(BIN)/mypy openapi src tests $(wildcard bench)
	@timeout 3600 $(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder -m soak --timeout 1800
	@$(BIN)/pytest -q -m 'not soak' --hypothesis-profile soak tests/domain
	@EVERY_LOOK=1 $(BIN)/pytest -q tests/portal
	@$(BIN)/python -m tests.postgresql $(BIN)/pytest -q tests/store tests/operations --ignore tests/store/embedded --database-url

audit: .venv/.dev ## look for known vulnerabilities in the pinned requirements
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/run.txt

lock: .venv/.dev ## renew the pinned requirements, those of the benchmark's peer too
	@$(COMPILE) --all-extras --group dev pyproject.toml -o requirements/dev.txt
	@$(COMPILE) --extra embedded pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	@$(COMPILE) --extra oidc --extra otel --extra redis pyproject.toml -c requirements/dev.txt -o requirements/service.txt
	@$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt
	@$(COMPILE) bench/peer/requirements.in -o bench/peer/requirements.txt

clean: ## remove everything that can be made again, except the demo's data in .sconto
	@rm -rf .venv .cache build clients/typescript/node_modules dist $(MANUAL) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Stamps: older than a lock or pyproject.toml, they are made again.
.venv/.run: requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/pip
	@echo "Installing what Sconto needs to run ..."
	@$(PIP) install --quiet --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@echo "Installing what the checks need ..."
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

# npm gets what the lock has hashes of, and runs none of it.
clients/typescript/node_modules/.ready: clients/typescript/package.json clients/typescript/package-lock.json
	@command -v node >/dev/null || tools/ensure-package nodejs "Compiling the TypeScript client"
	@command -v npm >/dev/null || tools/ensure-package npm "Compiling the TypeScript client"
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' || \
		{ echo "Compiling the TypeScript client needs Node.js 20.19 or newer, and this is $$(node --version)"; exit 1; }
	@echo "Installing what the TypeScript client needs ..."
	@cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@touch $@

$(MANUAL)/index.html: zensical.toml tools/manual.py $(wildcard docs/* docs/pictures/*) | .venv/.run
	@$(BIN)/python tools/manual.py

# ensurepip writes pip last: if it exists, the environment is complete.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Sconto needs Python 3.11 or newer, and '$(PYTHON)' is not: name one with make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/ensure-package \
		"$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" "Making .venv"
	@$(PYTHON) -m venv .venv
