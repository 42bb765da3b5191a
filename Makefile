# Every target sets up `.venv` by itself; a stamp file remembers for which lock that was done.
# Another interpreter: make test PYTHON=/usr/bin/python3.12

PYTHON ?= $(shell command -v python3.11 2>/dev/null || command -v python3 2>/dev/null)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
WORKERS ?= 2
TESTS ?= tests

# Where it is set, each of some hundred interpreters would compile all modules and tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install dist bare demo service-demo docs launcher chromium frontend azurite qgis test fuzz kills job-kills mutants cases lint bench lock clean

help:
	@echo "make demo    fetch real Sentinel-2 imagery, make pyramids and a map of it"
	@echo "make service-demo  a page and an API to launch runs on that imagery, with two users"
	@echo "make docs    build the site of the documentation, with its pictures"
	@echo "make launcher  fetch what runs Python on the service's page, for the wheel"
	@echo "make test    install what the tests need and run them"
	@echo "make qgis    install QGIS, whose tests are skipped otherwise"
	@echo "make fuzz    property tests with seeds of their own, which it prints (SEED=... repeats them)"
	@echo "make kills   60 runs into an object store killed and continued elsewhere"
	@echo "make job-kills 100 kills of the service's runners and of their jobs"
	@echo "make mutants which small changes of the code no test notices (COUNT, SEED, FOLDER)"
	@echo "make cases   the situations collected in ../shared/cases, one after the other"
	@echo "make lint    ruff, mypy and the import floors"
	@echo "make bench   side by side with mapchete"
	@echo "make lock    resolve the dependencies anew (uv.lock, requirements*.lock)"
	@echo "make dist    a wheel and a source archive, in dist/"
	@echo "make bare    the wheel in a Debian that holds Python and nothing else (root, debootstrap)"
	@echo "make clean   remove the virtual environment, caches and the demo's output"

# -- virtual environment --------------------------------------------------------------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No python3.11 or python3 found: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is too old: Python 3.11 or newer is needed (make PYTHON=...)" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# pip refuses a lock with hashes and an editable project in one call: first the lock, then the project.
$(VENV)/.base-stamp: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

# With the extra `classify`, for the map of land cover.
$(VENV)/.demo-stamp: requirements-demo.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-demo.lock
	$(PIP) --no-deps --editable .
	@touch $@

# With the extra `service` besides.
$(VENV)/.service-stamp: requirements-service.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-service.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.docs-stamp: requirements-docs.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-docs.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(VENV)/.test-stamp: requirements-test.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-test.lock
	$(PIP) --no-deps --editable .
	@touch $@

install: $(VENV)/.base-stamp

# -- what one does --------------------------------------------------------------------------------

demo: $(VENV)/.demo-stamp
	$(BIN)/automap demo

# The service with the demo's imagery as its catalogue and two users, ann and bob.
SERVICE ?= .service-demo
PORT ?= 8090
service-demo: $(VENV)/.service-stamp
	@$(BIN)/python -m automap_service.launcher
	$(BIN)/automap service demo --folder $(SERVICE) --port $(PORT)

# build/site/index.html; it is searched without a server. Imagery comes from the registry once, and
# the pictures are kept in .cache/docs: a minute of a core the first time, then a quarter of one.
docs: $(VENV)/.docs-stamp
	@$(BIN)/python -m docs

# Python for the page "Code" (pyodide of the npm registry, pinned by its hash). It is not committed;
# a wheel that is built afterwards brings it along.
launcher: $(VENV)/.service-stamp
	@$(BIN)/python -m automap_service.launcher

# The page of the preview is tested in Debian's Chromium. Where there is none and apt-get may install
# it, it does; elsewhere those tests are skipped and say so.
CHROMIUM ?= $(shell command -v chromium 2>/dev/null)

chromium:
	@test -n "$(CHROMIUM)" || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && { apt-get install -y --no-install-recommends chromium >/dev/null 2>&1 \
	    || { apt-get update >/dev/null 2>&1 \
	      && apt-get install -y --no-install-recommends chromium >/dev/null 2>&1; }; }; } \
	  || echo "No chromium: the tests of the preview's page are skipped (apt-get install chromium)"

# The bundle of the pages is compared with what its sources give, and the service's pages are looked
# through by axe: both want packages of the npm registry, pinned by their hashes.
NPM ?= $(shell command -v npm 2>/dev/null)
PAGES := devserver/frontend

frontend:
	@test -n "$(NPM)" || echo "No npm: four tests of the pages are skipped (apt-get install npm)"
	@test -z "$(NPM)" || $(MAKE) --no-print-directory $(PAGES)/node_modules/.package-lock.json

$(PAGES)/node_modules/.package-lock.json: $(PAGES)/package-lock.json
	cd $(PAGES) && $(NPM) ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Azure's store is tested with Microsoft's emulator, of the npm registry as well.
AZURITE := tests/storage/azurite

azurite:
	@test -z "$(NPM)" || $(MAKE) --no-print-directory $(AZURITE)/node_modules/.package-lock.json \
	  || echo "No emulator of Azure: its tests are skipped (cd $(AZURITE) && npm ci)"

$(AZURITE)/node_modules/.package-lock.json: $(AZURITE)/package-lock.json
	cd $(AZURITE) && $(NPM) ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# QGIS draws what the preview shows. Some 200 packages: for those who ask for them, as CI does.
qgis:
	@/usr/bin/python3 -c "import qgis.core" 2>/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && { apt-get install -y --no-install-recommends python3-qgis >/dev/null 2>&1 \
	    || { apt-get update >/dev/null 2>&1 \
	      && apt-get install -y --no-install-recommends python3-qgis >/dev/null 2>&1; }; }; } \
	  || echo "No QGIS: its tests are skipped (apt-get install python3-qgis)"

# Nothing is tried twice. Two more than the cores of a small machine: many wait, for processes of
# their own, servers, a disk.
PYTEST := $(BIN)/python -m pytest

test: WORKERS := 4

# As `automap` has it, which sets them for itself: threads of BLAS and OpenMP spin while they wait,
# beside the other workers, and took half of the time of what computes.
test fuzz kills job-kills mutants: export OPENBLAS_NUM_THREADS := 1
test fuzz kills job-kills mutants: export OMP_NUM_THREADS := 1
test fuzz kills job-kills mutants: export OMP_WAIT_POLICY := passive

test: $(VENV)/.test-stamp chromium frontend azurite
	@$(BIN)/python -m tests.imagery
	@$(BIN)/python -m automap_service.launcher
	@$(PYTEST) $(TESTS) -q -n $(WORKERS) --dist worksteal

# New seeds, and more examples where a test does not say how many.
ROUNDS ?= 5
fuzz: $(VENV)/.test-stamp
	$(BIN)/python -m tests.fuzz $(TESTS) --rounds $(ROUNDS) --workers $(WORKERS) $(if $(SEED),--seed $(SEED))

# Half of them with metatiles of several files.
KILLS ?= 60
kills: $(VENV)/.test-stamp
	AUTOMAP_KILLS=$(KILLS) $(PYTEST) tests/engine/test_remote_journal.py tests/workflows/automap/test_object_store.py -q -k killed_at_random

# Jobs of the service: runners, children or both at once.
JOB_KILLS ?= 100
job-kills: $(VENV)/.test-stamp
	@$(BIN)/python -m tests.imagery
	AUTOMAP_JOB_KILLS=$(JOB_KILLS) $(PYTEST) tests/jobs/test_kills.py -q -k killed_job

# Which small changes of the code no test notices: a sample of COUNT, of all or of one FOLDER. First,
# once for a state of the code, which tests run a line: longer than a run of the suite.
COUNT ?= 200
mutants: $(VENV)/.test-stamp
	@$(BIN)/python -m tests.imagery
	$(BIN)/python -m tests.mutants.reach $(WORKERS)
	$(BIN)/python -m tests.mutants --count $(COUNT) --workers $(WORKERS) $(if $(SEED),--seed $(SEED)) $(if $(FOLDER),--folder $(FOLDER))

# What went wrong when people tried it: scripts in the folder beside the checkout.
cases: $(VENV)/.test-stamp
	$(BIN)/python -m tests.cases $(if $(ALL),--all)

lint: $(VENV)/.test-stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test-stamp
	$(BIN)/python -m bench

# -- upkeep ---------------------------------------------------------------------------------------

# Without the settings of this machine, so that no private index gets into the lock.
UV := $(BIN)/uv --no-config
EXPORT := $(UV) export --quiet --frozen --no-emit-project --no-header --no-annotate --format requirements-txt

lock: $(VENV)/.test-stamp
	$(UV) lock --upgrade
	$(EXPORT) --output-file requirements.lock >/dev/null
	$(EXPORT) --extra classify --extra serve --output-file requirements-demo.lock >/dev/null
	$(EXPORT) --extra classify --extra serve --extra service --output-file requirements-service.lock >/dev/null
	$(EXPORT) --extra classify --extra export --extra plot --extra serve --extra docs --output-file requirements-docs.lock >/dev/null
	$(EXPORT) --extra test --extra dev --extra bench --output-file requirements-test.lock >/dev/null

dist: $(VENV)/.test-stamp
	$(UV) build --out-dir dist .

# As root, with debootstrap. Python 3.14: SUITE=sid SUITE_PYTHON=python3.14 FROM_SOURCE=fiona
SUITE ?= bookworm
SUITE_PYTHON ?= python3
bare: dist
	packaging/bare_debian.sh dist/automap_tiles-*.whl $(SUITE) $(SUITE_PYTHON) $(FROM_SOURCE)

clean:
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
