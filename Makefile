# Needs only Python 3.11 or newer (with venv) and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Without bytecode each of the run's workers rewrites the asserts of all tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-all test-browser test-deployment lint format bench bench-large load lock clean

run: .venv/runtime.stamp  ## the workspace, until Ctrl-C; FRESH=1 sets its database aside first
	@exec $(VENV) -m config.run --stop-with-parent $(if $(FRESH),--fresh)

QUICK = not slow and not browser and not deployment
test: .venv/dev.stamp  ## what to run before each commit
	$(VENV) -m pytest -n 3 --maxschedchunk 4 -m "$(QUICK)"

test-all: .venv/dev.stamp  ## with the slow ones: kills, races, replays, plans, the crawl for canaries
	$(VENV) -m pytest -n 3 --maxschedchunk 4

BROWSER ?= browser
test-browser: .venv/dev.stamp  ## Playwright driving Chromium; BROWSER="browser and not long" as in CI
	@command -v chromium >/dev/null || { echo "There is no Chromium: apt install chromium"; exit 1; }
	$(VENV) -m pytest -m "$(BROWSER)" -n 2 tests/browser

test-deployment: .venv/dev.stamp  ## the start commands over PostgreSQL and Redis of the system
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && command -v redis-server >/dev/null || \
		{ echo "There is no PostgreSQL or Redis: apt install postgresql redis-server"; exit 1; }
	$(VENV) -m pytest -m deployment tests/deployment

lint: .venv/dev.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	find templates -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2 --check
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/lint-imports
	.venv/bin/mypy .
	$(VENV) -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLOWED_HOSTS=okr.example.com SITE_URL=https://okr.example.com \
		$(VENV) manage.py check --deploy --fail-level WARNING

format: .venv/dev.stamp
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format .
	find templates -name '*.html' -print0 | xargs -0 -r .venv/bin/djade --target-version 5.2

BENCH ?=
bench: .venv/dev.stamp  ## measured figures; BENCH=short for a quick look
	$(VENV) -m bench $(BENCH)

bench-large: .venv/dev.stamp  ## the same over 5,000 clients with a million check-ins
	$(VENV) -m bench large

LOAD ?=
load: .venv/dev.stamp  ## two minutes of visitors; LOAD="--clients 50 --seconds 10" for a quick look
	$(VENV) -m bench.load $(LOAD)

lock: .venv/dev.stamp  ## after a change in pyproject.toml
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --group dev -c requirements.lock \
		pyproject.toml -o requirements-dev.lock

clean:  ## what can be made again; var/ is your data and stays
	rm -rf .venv staticfiles test-results .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Plumbline needs Python 3.11 or newer; $(PYTHON) is older."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "This Python cannot make virtual environments: apt install python3-venv"; exit 1; }
	@echo "Making .venv …"
	@$(PYTHON) -m venv --clear .venv

.venv/runtime.stamp: requirements.lock | .venv/bin/pip
	@echo "Installing the packages of requirements.lock …"
	@$(VENV) -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock | .venv/bin/pip
	@echo "Installing the packages of requirements-dev.lock …"
	@$(VENV) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@ .venv/runtime.stamp
