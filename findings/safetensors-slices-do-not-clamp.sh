#!/usr/bin/env bash
# Ranges of rows of a safetensors file in Python.
#
# Guess: safe_open(...).get_slice(name)[...] takes the basic slices of a NumPy array: a range is cut to the size of the
#   tensor, and a negative start counts from the end.
# Seen (safetensors 0.8.0): a single negative index counts from the end, but a range with a negative start raises
#   OverflowError. A range that ends behind the last row raises SafetensorError where NumPy gives the rows that are there: a
#   reader of blocks of rows has to cut the last block itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(safetensors==0.8.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import sys

import numpy as np
import safetensors
import safetensors.numpy as store
from safetensors import SafetensorError, safe_open

print("safetensors", safetensors.__version__, "NumPy", np.__version__)
matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
path = sys.argv[1] + "/matrix.safetensors"
store.save_file({"matrix": matrix}, path)


def outcome(rows, take):
    try:
        return take(rows).tolist()
    except Exception as raised:
        return type(raised)


with safe_open(path, "numpy") as file:
    rows = file.get_slice("matrix")
    seen = {
        "[-1]": (outcome(matrix, lambda a: a[-1]), outcome(rows, lambda a: a[-1])),
        "[-1:]": (outcome(matrix, lambda a: a[-1:]), outcome(rows, lambda a: a[-1:])),
        "[0:5]": (outcome(matrix, lambda a: a[0:5]), outcome(rows, lambda a: a[0:5])),
        "[1:2]": (outcome(matrix, lambda a: a[1:2]), outcome(rows, lambda a: a[1:2])),
    }
for what, (of_numpy, of_file) in seen.items():
    print(f"{what:6} NumPy {of_numpy}, safetensors {of_file}")
holds = (
    seen["[-1]"][0] == seen["[-1]"][1]
    and seen["[1:2]"][0] == seen["[1:2]"][1]
    and seen["[-1:]"][1] is OverflowError
    and seen["[0:5]"][1] is SafetensorError
)
print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
