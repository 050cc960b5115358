# make demo | make test | make lint: each makes its own environment in .venv first, once.
# With uv the versions are those of uv.lock; without it pip takes the same ones from constraints.txt.

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/set-up.stamp
UV     := $(shell uv --version >/dev/null 2>&1 && command -v uv)
export UV_PROJECT_ENVIRONMENT := $(VENV)
unexport VIRTUAL_ENV          # another active environment is not ours to change

.DEFAULT_GOAL := help
.PHONY: help set-up demo test lint format lock benchmark clean

help:
	@echo "make demo        a replicator is born: simulate, store, analyse, ask in SQL (about 3 minutes)"
	@echo "make test        all tests (PYTEST_ARGS='--run-slow' for the slow ones too)"
	@echo "make lint        ruff and mypy"
	@echo "make benchmark   speeds, sizes and latencies at full size"
	@echo "make lock        renew uv.lock and constraints.txt (needs uv)"

set-up: $(STAMP)

$(STAMP): pyproject.toml uv.lock constraints.txt
	@began=$$(date +%s); \
	if [ -n "$(UV)" ] && echo "set-up: uv sync into $(VENV)" && \
		"$(UV)" sync --locked --quiet --compile-bytecode; then :; \
	else \
		for python in python3 python3.13 python3.12 python3.11 none; do \
			$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && break; \
		done; \
		[ $$python != none ] || { echo "set-up: no Python 3.11, 3.12 or 3.13 on PATH; install one, or uv" >&2; exit 1; }; \
		echo "set-up: $$python -m venv and pip into $(VENV)"; \
		$$python -m venv --clear $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]' || exit 1; \
	fi; \
	touch $@; \
	echo "set-up: done in $$(( $$(date +%s) - began )) s"

demo: $(STAMP)
	@$(BIN)/python -m flows.demo

test: $(STAMP)
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(PYTEST_ARGS)

lint: $(STAMP)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(STAMP)
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

benchmark: $(STAMP)
	@$(BIN)/python -m benchmarks $(BENCHMARK_ARGS)

# --index-url: the lock names the public index, whatever mirror this machine is set to use.
lock:
	uv lock --index-url https://pypi.org/simple
	uv export --quiet --locked --all-extras --no-emit-project --no-hashes --no-annotate --no-header --output-file constraints.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
