# make demo    compile a spec, train it on real digits, keep the module in build/
# make test    all tests that need no PyTorch
# make oracle  the tests against PyTorch, and those of --target numba
# make bench   speed beside PyTorch and JAX, of every optimisation, of compiling; writes docs/
# make docs    the documentation as a site, in build/site
# make lint    formatting, lint rules, types
# make vscode  the extension for VS Code, editors/vscode/nnc.vsix (needs Node.js)
# make playground  nnc in the browser, a static page in build/playground (needs Node.js)
# make mutation  whether the tests notice planted faults (an hour or more)
#
# Each sets up what it needs in .venv and does not do so twice.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
JOBS ?= auto
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help demo test oracle bench docs vscode playground lint mutation typing clean

help:
	@sed -n 's/^# \?//;/^$$/q;p' Makefile

# --- set-up: one stamp file for each set of packages ----------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "nnc needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

INSTALL = $(RUN) pip install --quiet --disable-pip-version-check

$(VENV)/.base: pyproject.toml compiler/version.py | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(INSTALL) --editable '.[test]'
	@touch $@

$(VENV)/.oracle: $(VENV)/.test
	$(INSTALL) --editable '.[oracle,numba,mpi]'
	@touch $@

$(VENV)/.mutation: $(VENV)/.test
	$(INSTALL) --editable '.[mutation]'
	@touch $@

$(VENV)/.docs: $(VENV)/.base
	$(INSTALL) --editable '.[docs]'
	@touch $@

$(VENV)/.bench: $(VENV)/.base
	$(INSTALL) --editable '.[bench,numba]'
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(INSTALL) --editable '.[lint]'
	@touch $@

# --- what one comes for -----------------------------------------------------------------------

demo: $(VENV)/.base
	@mkdir -p build
	$(BIN)/nnc compile examples/digits.nn -o build/digits.py
	$(BIN)/nnc train examples/digits.nn --data digits -o build/digits.npz
	@echo
	@echo "The network, as NumPy code to read: build/digits.py"
	@echo "Its trained weights:                build/digits.npz"

test: $(VENV)/.test
	$(RUN) pytest -n $(JOBS) --dist worksteal

oracle: $(VENV)/.oracle
	NNC_STEP_NETWORKS=60 $(RUN) pytest -n $(JOBS) --dist worksteal tests/oracle tests/unit/test_mpi.py
	NNC_TEST_TARGET=numba NUMBA_DISABLE_JIT=1 $(RUN) pytest -n $(JOBS) --dist worksteal $(CONTRACT) $(TORCH) tests/oracle/test_numba_ragged.py

# What a module promises, asked of the other target too: its kernels' text, run as plain Python.
CONTRACT = $(foreach part,data files init layers losses names optimizers params ragged ragged_axis last_axis training,tests/unit/test_contract_$(part).py)
TORCH = $(foreach part,recurrent norms row_weights frozen,tests/oracle/test_torch_$(part).py)

bench: $(VENV)/.bench
	$(RUN) benchmarks --write
	$(RUN) benchmarks.frameworks $(BENCH)

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "build/site/index.html"

vscode:
	cd editors/vscode && npm ci --no-audit --no-fund --silent && npm run --silent package

playground: $(VENV)/.base
	cd playground && npm ci --no-audit --no-fund --silent
	$(BIN)/python playground/build.py
	@cd playground && npx tsc && if command -v chromium > /dev/null; then node test/page.mjs; \
		else echo "chromium is missing: the page was built and not tried"; fi

mutation: $(VENV)/.mutation
	$(RUN) tests.mutation --fresh --least 90

lint: $(VENV)/.lint typing
	$(RUN) ruff check .
	$(RUN) black --check --quiet . || { $(RUN) black --check .; exit 1; }
	$(RUN) mypy --strict compiler runtime

# The package nnc is spread over folders of other names; mypy finds it through these links.
typing:
	@rm -rf .typing && mkdir -p .typing/nnc
	@ln -s $(CURDIR)/compiler/* $(CURDIR)/grammar $(CURDIR)/templates $(CURDIR)/runtime .typing/nnc/

clean:
	rm -rf $(VENV) .typing build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
