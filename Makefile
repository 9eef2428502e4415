# make run        install what is missing and start Face Atlas
# make test       every test, the browser's too        BROWSER=no leaves those out, COVERAGE=yes says what they reach
# make quick      the tests that need neither the networks nor a browser
# make check      format, lint, types, architecture; the components' JavaScript and its unit tests too (-j 2: at once)
# make words      collect the interface's texts for translation
# make audit      bandit, known vulnerabilities, licences; part of make check
# make fuzz       every fuzz target for MINUTES=30, guided by the lines that it reaches (Linux)
# make bench      the benchmark table            GROUP=photos.zip measures photos with several faces too
# make bench-peers   the same against other packages; they are installed into .venv-peers (8 GB) once
# make clean      remove the environment and caches; data/ is never touched
# make help       this text
#
# PYTHON=/path/to/python3.12 chooses the interpreter, PORT=8080 the port, FACE_ATLAS_DATA=/path the data folder.
# Everything is installed once: a second run needs no network.

PYTHON  ?=
PORT    ?= 8501
BROWSER ?= yes
COVERAGE ?= no
MINUTES ?= 30

VENV      := .venv
PY        := $(VENV)/bin/python
# Modules are compiled when they are first imported: most of what the packages hold never is.
PIP_INSTALL := $(PY) -m pip install --disable-pip-version-check --no-compile
PEERS     := .venv-peers
COMPONENTS := core/ui/components
NPM       := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm
GROUP     ?= $(wildcard ../shared/faces/group-photos.zip)
BENCH      = $(if $(GROUP),--group $(GROUP))
TESTERS   ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 4 ] && echo $$((n + 1)) || echo 4)
PYTEST    := $(PY) -m pytest --durations 10 --durations-min 1
# Python before 3.12 can only be watched line by line, which makes the tests a third slower: on request.
COVERED    = $(if $(filter yes,$(COVERAGE)),--cov core --cov-report term:skip-covered)
MODELS    := $(or $(FACE_ATLAS_DATA),data)/models
MANIFESTS := $(MODELS)/mtcnn/manifest.json $(MODELS)/facenet-128/manifest.json
# Without a window of its own it takes a sixth less of the processor.
CHROMIUM  ?= $(shell command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || \
               command -v google-chrome)
# Whole reports are drawn and read back by `make test` alone: they take as long as all drawings by themselves.
QUICK     := $(addprefix tests/,archives base charts imaging learn ui) \
             $(addprefix tests/vision/,test_fixed_batches.py test_pyramid.py test_quality.py) \
             $(filter-out %/test_report.py,$(wildcard tests/report/test_*.py)) tests/test_fences.py
# TensorFlow has packages for these; the interpreter must also be able to make an environment.
FITS      := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test quick check style types architecture check-components audit fuzz words bench bench-peers clean help env \
  env-dev node venv models browser peers

help:
	@sed -n '/^$$/q;s/^# \{0,1\}//p' Makefile

run: env models
	@echo "Face Atlas: http://127.0.0.1:$(PORT)   (Ctrl+C stops it)"
	@exec $(PY) -m core.ui.serve --server.address 127.0.0.1 --server.port $(PORT)

# Two processes have all tests in a browser, so that they do not starve each other, and begin with them: files are dealt in
# their order, not by how many tests they hold. One process more than there are processors: in a browser they often wait.
test: env-dev models browser
	CHROMIUM=$(CHROMIUM) $(PYTEST) -n $(TESTERS) --dist loadfile --no-loadscope-reorder $(COVERED) $(if $(filter no,$(BROWSER)),--ignore=tests/browser)

quick: env-dev
	$(PYTEST) -q -n 2 $(COVERED) $(QUICK)

# The longest first: with -j the others run beside it.
check: types architecture style check-components audit

types: env-dev
	$(PY) -m mypy

architecture: env-dev
	$(PY) -m pytest -q tests/test_fences.py

style: env-dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

# Format, lint, types and unit tests of the JavaScript: none of its tools is there when Face Atlas runs.
check-components: node
	@cd $(COMPONENTS) && $(NPM) run --silent check

# Collects the texts of the interface into the catalogue of every language; what is new there is untranslated.
words: env
	$(PY) -m babel.messages.frontend extract --no-default-keywords -k _ -k gettext -k ngettext:1,2 -k pgettext:1c,2 -k marked \
	  --add-location=file --sort-by-file --project "Face Atlas" -o $(VENV)/words.pot core pages app.py
	for catalogue in core/language/catalogues/*.po; do \
	  $(PY) -m babel.messages.frontend update -i $(VENV)/words.pot -o $$catalogue -l $$(basename $$catalogue .po) \
	    --no-fuzzy-matching --ignore-obsolete --omit-header --width=120 || exit 1; \
	done

# What no vulnerability service could be asked about is said, and stops nothing: the index at hand may have none.
audit: env-dev
	$(PY) -m bandit -q -r -ll core pages app.py
	@$(PY) -m tests.security.vulnerabilities
	@$(PY) -m tests.security.licences

fuzz: env-dev
	@for target in archive image xmp bundle log tables; do \
	  nice -n 19 $(PY) -m tests.fuzz.run $$target --minutes $(MINUTES) || exit 1; done

bench: env models
	$(PY) -m core bench $(BENCH) --out $(or $(FACE_ATLAS_DATA),data)/bench.json

bench-peers: BENCH += --peers $(PEERS)/bin/python
bench-peers: peers bench

clean:
	rm -rf $(VENV) .venv-peers $(COMPONENTS)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./data -prune -o -name __pycache__ -type d -exec rm -rf {} +

# The environment: what was installed is remembered by its content, so that a new date installs nothing.

env:
	@test -e $(VENV)/.made && test -x $(PY) || $(MAKE) --no-print-directory venv
	@cmp -s requirements.txt $(VENV)/requirements.txt || { \
	  echo "Installing the packages (once; they take about 3.6 GB)"; \
	  $(PIP_INSTALL) -r requirements.txt && cp requirements.txt $(VENV)/requirements.txt; }

env-dev: env
	@cat requirements-dev.txt requirements-cluster.txt | cmp -s - $(VENV)/requirements-dev.txt || { \
	  $(PIP_INSTALL) -r requirements-dev.txt && cat requirements-dev.txt requirements-cluster.txt > $(VENV)/requirements-dev.txt; }

# Node comes with the packages for development, so that everybody checks with the same.

node: env-dev
	@cmp -s $(COMPONENTS)/package-lock.json $(COMPONENTS)/node_modules/.installed || { \
	  cd $(COMPONENTS) && $(NPM) ci && cp package-lock.json node_modules/.installed; }

# Of the packages to compare with, what cannot be installed is left out: the benchmark names it and says why.

peers: env
	@cat tests/benchmarks/peers/requirements-*.txt | cmp -s - $(PEERS)/requirements.txt || { \
	  $(PY) -m venv $(PEERS) && \
	  for wanted in tests/benchmarks/peers/requirements-[df]*.txt; do $(PEERS)/bin/python -m pip install -r $$wanted || true; done && \
	  $(PEERS)/bin/python -m pip install --no-deps -r tests/benchmarks/peers/requirements-no-deps.txt && \
	  cat tests/benchmarks/peers/requirements-*.txt > $(PEERS)/requirements.txt; }

venv:
	@for candidate in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
	  $$candidate -c '$(FITS)' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$candidate"; rm -rf $(VENV); \
	  $$candidate -m venv $(VENV) && touch $(VENV)/.made && exit 0; rm -rf $(VENV); \
	done; \
	echo "Face Atlas needs Python 3.11, 3.12 or 3.13 with its venv module, and found none: $(or $(PYTHON),python3.11 to python3.13, python3)." >&2; \
	echo "Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or name one: make run PYTHON=/path/to/python3.12" >&2; \
	exit 1

# The models and the prepared sample: looked at only when a manifest is missing, or newer than the last look, or what they
# are made by changed.

models: $(MODELS)/.installed

$(MODELS)/.installed: core/vision/models/catalogue.py core/vision/models/export.py core/store/sql/schema.py \
  core/cli/sample_preparation.py core/workflows/exchange/prepared_sample.py \
  core/workflows/exchange/sample_picture.py $(MANIFESTS) | $(VENV)/.umap
	@$(PY) -m core models install
	@touch $@

# What maps need is compiled by the first one: here, where nobody waits for it, and before the sample gets its map.

$(VENV)/.umap: requirements.txt | env
	@echo "Compiling UMAP (once, about half a minute)"
	@$(PY) -c 'from core.workflows.projection.project import compile_map_functions; compile_map_functions()'
	@touch $@

$(MANIFESTS):

browser:
	@test "$(BROWSER)" = no || test -n "$(CHROMIUM)" || { \
	  echo "The browser tests need Chromium and found none. Install it (Debian: apt-get install chromium-headless-shell)," >&2; \
	  echo "name one (make test CHROMIUM=/path/to/chromium), or leave them out (make test BROWSER=no)." >&2; \
	  exit 1; }
