# make demo   sets up .venv, runs the whole pipeline on an embedded sample, prints its error
# make test   sets up .venv with the tools of development, then lint, types and tests
#
# PYTHON=/path/to/python    another Python (3.11 or 3.12)
# PIP_ARGS="..."            for pip: --index-url of a mirror, or PyTorch without CUDA (a tenth of the
#                           download): --extra-index-url https://download.pytorch.org/whl/cpu
# MONOMOCAP_DATA=/folder    real videos and motion capture for the tests that want them

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3 python, \
	$(shell command -v $(p) >/dev/null && $(p) -c '$(FITS)' 2>/dev/null && echo $(p))))
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet $(PIP_ARGS) \
	-c constraints/py$$($(BIN)/python -c 'import sys; print("%d%d" % sys.version_info[:2])').txt
OUT ?= out/demo

.PHONY: help demo test lint check-wheel startup clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

demo: $(VENV)/base.stamp
	$(BIN)/monomocap demo -o $(OUT)

test: lint
	$(BIN)/python -m pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-wheel: $(VENV)/dev.stamp
	PIP_ARGS="$(PIP_ARGS)" scripts/check_wheel.sh $(BIN)/python

startup: $(VENV)/base.stamp
	$(BIN)/python benchmarks/startup.py

clean:
	rm -rf $(VENV) build dist out src/*.egg-info

$(VENV)/python.stamp:
	@test -n "$(PYTHON)" || { echo "monomocap needs Python 3.11 or 3.12 with venv and found none; \
	install one (Debian, Ubuntu: apt install python3.11-venv) or name it: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/base.stamp: $(VENV)/python.stamp pyproject.toml $(wildcard constraints/*.txt)
	$(PIP) -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/base.stamp
	$(PIP) -e ".[dev]"
	@touch $@
