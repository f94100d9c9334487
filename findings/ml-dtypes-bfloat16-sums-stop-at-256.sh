#!/usr/bin/env bash
# Sums of BF16 arrays in NumPy.
#
# Guess: ml_dtypes.bfloat16 behaves as NumPy's float16, whose sums run in pairs and in a wider type: a thousand ones are 1000.
# Seen (ml_dtypes 0.6.0): sum() adds one number after the other in BF16 and stops at 256, where adding one changes nothing.
#   mean() of a thousand ones is a quarter, and that of 4,096 numbers between 0 and 1 is a sixteenth. dot() of the same array
#   is right, since it adds up in 32 bits; so is sum(dtype=float32).
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
brain = np.ones(1000, dtype=ml_dtypes.bfloat16)
half = np.ones(1000, dtype=np.float16)
spread = ((np.arange(4096) + 0.5) / 4096).astype(ml_dtypes.bfloat16)
seen = {
    "float16 sum": float(half.sum()),
    "bfloat16 sum": float(brain.sum()),
    "bfloat16 mean": float(brain.mean()),
    "bfloat16 dot": float(np.dot(brain, brain)),
    "bfloat16 sum in float32": float(brain.sum(dtype=np.float32)),
    "bfloat16 mean between 0 and 1": float(spread.mean()),
}
for what, value in seen.items():
    print(f"{what}: {value}")
holds = (
    seen["float16 sum"] == 1000
    and seen["bfloat16 sum"] == 256
    and round(seen["bfloat16 mean"], 2) == 0.26
    and seen["bfloat16 dot"] == 1000
    and seen["bfloat16 sum in float32"] == 1000
    and seen["bfloat16 mean between 0 and 1"] < 0.13  # correct is 0.5
)

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
