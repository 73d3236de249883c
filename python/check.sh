#!/usr/bin/env bash
# Tests a wheel as it is installed: check.sh WHEEL. First alone in a fresh environment, then beside numpy and pandas.
set -euo pipefail
wheel=$(realpath "$1")
cd "$(dirname "$0")"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# Linked libraries are those that `make dist` chose: auditwheel had nothing to add.
case $wheel in *-py3-none-manylinux_2_*_x86_64.whl) ;; *) echo "check: $wheel is of another platform" >&2; exit 1 ;; esac
if python3 -m zipfile -l "$wheel" | grep -F '.libs/'; then echo "check: not in the tree of make dist" >&2; exit 1; fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
# No library but those of the wheel, no program and no model but its own.
unset LD_LIBRARY_PATH SURPRISAL_BINARY SURPRISAL_MODELS
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --no-index "$wheel"
"$place/venv/bin/pip" install -q pytest==9.2.0
"$place/venv/bin/pytest" tests/test_bare.py
"$place/venv/bin/pip" install -q numpy==2.4.6 pandas==3.1.1
"$place/venv/bin/pytest" --ignore tests/test_bare.py tests
