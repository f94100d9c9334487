#!/usr/bin/env bash
# Saving a NumPy array that is not contiguous.
#
# Guess: safetensors.numpy.save either copies a transposed or strided array into row-major order, as numpy.save does, or
#   refuses it, as safetensors.torch does with a tensor that is not contiguous.
# Seen (safetensors 0.8.0, NumPy 2.4.6): it writes the array's shape and as many bytes as that takes from where the array's
#   memory begins. A transposed matrix is read back with its values in the wrong places, and every third element of a vector
#   as the vector's first elements. Nothing is said. numpy.ascontiguousarray before saving is what helps.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(safetensors==0.8.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import numpy as np
import safetensors
import safetensors.numpy as store

print("safetensors", safetensors.__version__, "NumPy", np.__version__)
matrix = np.arange(6, dtype=np.float32).reshape(2, 3).T
vector = np.arange(12, dtype=np.float32)[::3]
read = store.load(store.save({"matrix": matrix, "vector": vector}))
copied = store.load(store.save({"matrix": np.ascontiguousarray(matrix)}))
print("matrix saved ", matrix.tolist())
print("matrix read  ", read["matrix"].tolist())
print("vector saved ", vector.tolist())
print("vector read  ", read["vector"].tolist())
holds = (
    read["matrix"].shape == (3, 2)
    and read["matrix"].tolist() == [[0, 1], [2, 3], [4, 5]]
    and read["vector"].tolist() == [0, 1, 2, 3]
    and np.array_equal(copied["matrix"], matrix)
)
print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
