#!/usr/bin/env bash
# From 64-bit numbers to BF16 and FP8.
#
# Guess: a conversion to a narrow type is one correct rounding, as NumPy has it from float64 to float16.
# Seen (ml_dtypes 0.6.0): float64 and int64 are rounded to float32 first, and then to the narrow type. A number just above
#   the middle of two narrow ones becomes the middle itself, and then goes to the even neighbour, which is the wrong one.
#   Integers of 25 bits can be wrong too. NumPy's own float16 is right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(ml_dtypes==0.6.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import ml_dtypes
import numpy as np

print("ml_dtypes", ml_dtypes.__version__, "NumPy", np.__version__)


def cast(value, source, narrow):
    return float(np.array([value], dtype=source).astype(narrow)[0])


just_above = 2.0**-40  # lost in float32, where 1 + 2^-23 is the next number
cases = [
    # value, its type, narrow type, correct, expected to be seen
    (1 + 2.0**-11 + just_above, np.float64, np.float16, 1 + 2.0**-10, 1 + 2.0**-10),
    (1 + 2.0**-8 + just_above, np.float64, ml_dtypes.bfloat16, 1 + 2.0**-7, 1.0),
    (1 + 2.0**-4 + just_above, np.float64, ml_dtypes.float8_e4m3fn, 1 + 2.0**-3, 1.0),
    (2**24 + 2**16 + 1, np.int64, ml_dtypes.bfloat16, 2.0**24 + 2**17, 2.0**24),
]
holds = True
for value, source, narrow, correct, expected in cases:
    got = cast(value, source, narrow)
    print(f"{value!r} as {np.dtype(narrow).name}: correct {correct!r}, seen {got!r}")
    holds &= got == expected

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
