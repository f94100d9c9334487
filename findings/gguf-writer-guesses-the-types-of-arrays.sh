#!/usr/bin/env bash
# Arrays in a GGUF file's metadata, written with gguf-py.
#
# Guess: GGUFWriter.add_array writes what it is given: large integers as 64-bit ones, an empty list as an empty array, a
#   NumPy array like a list.
# Seen (gguf 0.19.0): the type is that of the first element, and a Python int means INT32: 2^31 raises struct.error. A float
#   means FLOAT32, so 0.1 comes back changed. An empty list leaves no key at all, and nothing is said. A NumPy array raises
#   ValueError. Both errors come only when the metadata are written, not when the array is added.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(gguf==0.19.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import importlib.metadata
import struct
import sys

import gguf
import numpy as np

print("gguf", importlib.metadata.version("gguf"))


def written(value):
    path = sys.argv[1] + "/metadata.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    try:
        writer.add_array("test.array", value)
    except Exception as raised:
        return type(raised), "when it is added"
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
    except Exception as raised:
        return type(raised), "when the metadata are written"
    finally:
        writer.close()
    field = gguf.GGUFReader(path).fields.get("test.array")
    return "no such key" if field is None else (field.types[-1].name, field.contents())


seen = {
    "[1, 2]": written([1, 2]),
    "[2**31]": written([2**31]),
    "[0.1]": written([0.1]),
    "[]": written([]),
    "numpy.array([1, 2])": written(np.array([1, 2])),
}
for what, value in seen.items():
    print(f"{what}: {value}")
holds = list(seen.values()) == [
    ("INT32", [1, 2]),
    (struct.error, "when the metadata are written"),
    ("FLOAT32", [float(np.float32(0.1))]),
    "no such key",
    (ValueError, "when the metadata are written"),
]

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
