# `make run` and `make test` do all; each installs what it needs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= $(HOME)/dagger/pick-place
REPORT ?= $(WORKSPACE)-report.json

.PHONY: run test check bench clean

run: $(VENV)/.installed
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	    exec $(BIN)/dagger-gui --workspace "$(WORKSPACE)"; \
	else \
	    echo "No display here: running a whole correction session without the window."; \
	    exec $(BIN)/dagger-gui simulate --workspace "$(WORKSPACE)-simulated" --report "$(REPORT)"; \
	fi

# What takes the whole computer runs by itself, after all that can share it.
test: $(VENV)/.tested check
	@$(BIN)/python -m pytest -m "not alone" -n auto --maxprocesses 4 --dist loadfile; shared=$$?; \
	$(BIN)/python -m pytest -m alone && exit $$shared

check: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.tested
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

$(VENV)/.installed: pyproject.toml constraints.txt .ci/system
	@PYTHON="$(PYTHON)" sh .ci/system
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is %s. Give one: make PYTHON=python3.11" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Python packages into $(VENV) (torch is large; the first time takes minutes)."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@PYTHON="$(PYTHON)" sh .ci/system test
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
