#!/usr/bin/env bash
# BF16 and FP8 tensors through safetensors.numpy and ml_dtypes.
#
# Guess: safetensors.numpy reads what safetensors.numpy wrote, and load(bytes) and load_file(path) read the same types.
# Seen (safetensors 0.8.0, ml_dtypes 0.6.0): BF16 and FP8 (E4M3) are both written, with the right types in the header.
#   load_file gives the BF16 tensor back; load raises KeyError for the same bytes. FP8 is read by neither: load raises
#   KeyError, load_file AttributeError. An F32 tensor in the same file cannot be had from them either.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(safetensors==0.8.0 ml_dtypes==0.6.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import json
import struct
import sys

import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy as store

print("safetensors", safetensors.__version__, "ml_dtypes", ml_dtypes.__version__, "NumPy", np.__version__)
path = sys.argv[1] + "/tensors.safetensors"


def outcome(read):
    try:
        return read()["x"].dtype.name
    except Exception as raised:
        return type(raised)


def trial(dtype):
    values = np.arange(4, dtype=np.float32)
    tensors = {"plain": values, "x": values.astype(dtype)}
    data = store.save(tensors)
    store.save_file(tensors, path)
    (length,) = struct.unpack("<Q", data[:8])
    declared = json.loads(data[8 : 8 + length])["x"]["dtype"]
    return declared, outcome(lambda: store.load(data)), outcome(lambda: store.load_file(path))


brain = trial(ml_dtypes.bfloat16)
eight = trial(ml_dtypes.float8_e4m3fn)
for declared, of_bytes, of_file in (brain, eight):
    print(f"{declared}: load gives {of_bytes}, load_file gives {of_file}")
holds = brain == ("BF16", KeyError, "bfloat16") and eight == ("F8_E4M3", KeyError, AttributeError)

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
