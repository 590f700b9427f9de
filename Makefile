# Every target sets up .venv by itself; python3 (3.11 or newer) and make are all it takes.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: eval bench test test-fast test-oldest attack audit lint surveys docs clean

eval: $(VENV)/installed
	$(BIN)/python -m drol_jax.eval --baseline $(ARGS)

bench: $(VENV)/installed
	$(BIN)/python -m drol_jax.bench $(ARGS)

# Files are spread over the cores, whole, because the tests of one share what they compile. Tests of parity compile as
# users do; all others compare programs with themselves, and half the time goes where XLA writes no kernels with care.
SPREAD = -n auto --maxprocesses 4 --dist loadfile
CARELESS = XLA_FLAGS='--xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false'
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(SPREAD) tests/parity $(ARGS)
	$(CARELESS) $(BIN)/python -m pytest $(SPREAD) --ignore tests/parity $(ARGS)

test-fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/unit -m 'not slow and not attack' $(ARGS)

# The same on the lowest versions that pyproject.toml admits.
test-oldest: $(VENV)-oldest/installed
	$(VENV)-oldest/bin/python -m pytest tests/unit -m 'not slow and not attack' $(ARGS)

attack: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m attack tests/unit tests/cli tests/transforms tests/attack $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# What networks are made of, which ships: after a change to drol_jax/config or drol_jax/nets.
surveys: $(VENV)/installed
	$(BIN)/python -m drol_jax.weights.surveys

# Known holes, and licences that do not go with Apache-2.0, of all that an install brings. Asks the package registry.
audit: $(VENV)/installed-audit
	$(BIN)/pip-audit --strict --local --skip-editable
	$(BIN)/pip-licenses --partial-match --fail-on 'GNU General Public;GPLv2;GPLv3;Affero;GPL-2.0;GPL-3.0' $(ARGS)

docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet # the notice is about a later major version

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# opencv-python asks for libGL; where a machine has none, its headless twin takes its place.
HEADLESS = $(BIN)/python -c 'import cv2' 2> /dev/null || \
	{ $(BIN)/python -m pip uninstall --quiet -y opencv-python; \
	  $(PIP) --force-reinstall --no-deps 'opencv-python-headless>=4.13'; }

$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(PIP) -e .
	$(HEADLESS)
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[dev]'
	$(HEADLESS)
	touch $@ $(VENV)/installed

$(VENV)-oldest/installed: pyproject.toml $(VENV)/installed-dev
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)-oldest
	$(OLDEST) -e '.[dev]'
	$(VENV)-oldest/bin/python -c 'import cv2' 2> /dev/null || \
	  { $(BIN)/uv pip uninstall --quiet --python $(VENV)-oldest/bin/python opencv-python; \
	    $(OLDEST) --reinstall --no-deps 'opencv-python-headless>=4.13'; }
	touch $@

OLDEST = $(BIN)/uv pip install --quiet --python $(VENV)-oldest/bin/python --resolution lowest-direct

$(VENV)/installed-audit: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[audit]'
	touch $@ $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[docs]'
	$(HEADLESS)
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) $(VENV)-oldest site .pytest_cache .ruff_cache .import_linter_cache .hypothesis
