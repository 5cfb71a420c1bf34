# Everything runs from this folder, in .venv. `make run` and `make test` need nothing done before.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := admin bench bot cards documents graph jobs meetings storage telemetry texts tools tests app.py settings.py

.PHONY: run test check audit setup node docs pictures bench campaign hostile requirements

run: .venv/run node
	@$(BIN)/python -m tools.run

# In the order of their names the long files come early, and no worker is left alone with one at the end.
test: .venv/dev node
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES)
	$(BIN)/lint-imports
	$(BIN)/python -m texts.check
	$(BIN)/hadolint infra/Dockerfile
	$(BIN)/python -m tools.commands_page --check
	$(BIN)/python -m tools.audit

# Asks the advisory services of PyPI and npm about every pinned package; without them it says so.
audit: .venv/dev
	$(BIN)/python -m tools.audit

docs: .venv/dev
	$(BIN)/python -m tools.commands_page
	$(BIN)/python -m tools.licences

# The pictures of the secretary's guides, from the running bot.
pictures: .venv/dev node
	$(BIN)/python -m tools.pictures

bench: .venv/dev
	$(BIN)/python -m bench

# A whole meeting again and again while its processes die: tests/campaign/README.md.
SQLITE ?= 120
POSTGRESQL ?= 80
SEED ?= 1
campaign: .venv/dev
	$(BIN)/python -m tests.campaign --sqlite $(SQLITE) --postgresql $(POSTGRESQL) --seed $(SEED)

# Mutated activities against the bot's own turn: tests/hostile.
COUNT ?= 100000
hostile: .venv/dev
	$(BIN)/python -m tests.hostile --count $(COUNT) --seed $(SEED)

setup: .venv/dev node

# The Playground is Microsoft's, from npm. Without it the bot runs alone and says so; the tests that need it say why they skip.
node:
	@if command -v npm >/dev/null 2>&1 && ! [ node_modules/.package-lock.json -nt package-lock.json ]; then npm ci --no-progress || true; fi

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# Pins anew; the lists name no index.
PIN := --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --strip-extras --allow-unsafe
requirements: .venv/dev
	$(BIN)/pip-compile $(PIN) requirements.in -o requirements.txt
	$(BIN)/pip-compile $(PIN) requirements-dev.in -o requirements-dev.txt
