# Chores of DeepAID Studio; `make` alone lists them.

# The interpreter that creates .venv; 3.11 or newer, with its venv module.
PY ?= python3
# Linux only, optional: package index with the small CPU build of torch. Its address stands on
# PyTorch's own installation page; without it pip takes the build for NVIDIA cards (gigabytes).
TORCH_INDEX ?=
# Test processes; two is right for two cores and leaves room for the browser on larger machines.
WORKERS ?= 2
# Port of the dashboard.
PORT ?= 8501
# Added to pytest, e.g. `make test ARGS="-k store -x"`.
ARGS ?=

BIN := .venv/bin
# One file of tests stays in one process: its browser and its server are started once.
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

.PHONY: help app test slow-tests all-tests lint format bench pictures clean
.NOTPARALLEL:

help:
	@echo "make app        create .venv, install, open the dashboard on the demo workspace"
	@echo "make test       create .venv, install with test extras, run the default tests"
	@echo "make slow-tests run only the tests marked slow"
	@echo "make all-tests  run all tests, slow ones included"
	@echo "make lint       ruff, mypy and the import contracts"
	@echo "make format     let ruff rewrite the code"
	@echo "make bench      measure detection, interpretation and speed on the sample data"
	@echo "make pictures   take the pictures of the documentation anew; needs Chromium"
	@echo "make clean      remove .venv and caches; the workspace stays"

app: .venv/.kernel
	$(BIN)/deepaid demo --port $(PORT)

test: .venv/.test
	$(PYTEST) $(ARGS)

slow-tests: .venv/.test
	$(PYTEST) -m slow $(ARGS)

all-tests: .venv/.test
	$(PYTEST) -m "slow or not slow" $(ARGS)

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.kernel
	$(BIN)/python -m benchmarks.run $(ARGS)

pictures: .venv/.test
	$(BIN)/python -m docs.pictures $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist

.venv/.created:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "DeepAID Studio needs Python 3.11 or newer; name one with: make PY=python3.12 ..." >&2; \
		exit 1; }
	$(PY) -m venv .venv
	@if [ -n "$(strip $(TORCH_INDEX))" ]; then \
		$(BIN)/python -m pip install -q -c constraints.txt torch --index-url "$(strip $(TORCH_INDEX))"; \
	fi
	@touch $@

.venv/.app: .venv/.created pyproject.toml constraints.txt
	@echo "Installing, once; torch alone is hundreds of megabytes ..."
	@$(BIN)/python -m pip install -c constraints.txt -e ".[compare]"
	@touch $@

.venv/.test: .venv/.created pyproject.toml constraints.txt
	@echo "Installing with what the tests need, once; this takes minutes ..."
	@$(BIN)/python -m pip install -q -c constraints.txt -e ".[test]"
	@touch $@ .venv/.app

# Machine code of the packet statistics is kept on disk, so the first capture need not wait for it.
.venv/.kernel: .venv/.app deepaid_core/sources/afterimage.py
	@$(BIN)/python -c "from deepaid_core.sources.afterimage import warm_up; warm_up()"
	@touch $@
