#!/usr/bin/env python3
"""Makes the small importance matrices of src/test/resources/imatrix.

  make_imatrices.py LLAMA_CPP OUTPUT

LLAMA_CPP is a built checkout (gguf-py, build/bin/llama-imatrix). Two matrices of one model are written here, from a fixed
seed: a stacked tensor, of which the second saw no tokens for an expert that the first knows, and the other way round.
llama-imatrix then writes each of them in its older binary format, and all combinations that the tests compare with.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

llama, output = Path(sys.argv[1]), Path(sys.argv[2])
sys.path.insert(0, str(llama / "gguf-py"))
import gguf  # noqa: E402
import numpy as np  # noqa: E402

COLUMNS, EXPERTS = 6, 3


def write(path, dataset, dense, counts, seed):
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "")
    writer.kv_data = [{}]  # no general.architecture
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", [dataset])
    writer.add_uint32("imatrix.chunk_count", max(dense, *counts) // 128)
    writer.add_uint32("imatrix.chunk_size", 128)
    sums = random.exponential(100, (EXPERTS, COLUMNS)).astype(np.float32) * np.array(counts, np.float32)[:, None]
    for name, values, tokens in (
            ("blk.0.attn_q.weight", random.exponential(100, COLUMNS).astype(np.float32) * dense, [dense]),
            ("blk.0.ffn_up_exps.weight", sums, counts)):
        tokens = np.array(tokens, np.float32)
        writer.add_tensor(name + ".in_sum2", values.astype(np.float32))
        writer.add_tensor(name + ".counts", tokens.reshape(-1, 1) if len(tokens) > 1 else tokens)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def imatrix(result, *files, options=()):
    with tempfile.TemporaryDirectory() as folder:  # only its name is looked at
        model = Path(folder) / "model.gguf"
        subprocess.run([llama / "build/bin/llama-imatrix", "--model", model, "--in-file", ",".join(files), "-o", result,
                        *options], check=True, cwd=output, capture_output=True)


output.mkdir(parents=True, exist_ok=True)
write(output / "one.gguf", "one.txt", 1280, [700, 0, 1860], 1)
write(output / "two.gguf", "two.txt", 3000, [1, 2999, 0], 2)
for name in ("one", "two"):
    imatrix(name + ".dat", name + ".gguf", options=["--output-format", "dat"])
for result, files in {
    "one+two": ["one.gguf", "two.gguf"],
    "two+one+two": ["two.gguf", "one.gguf", "two.gguf"],
    "one.dat+two": ["one.dat", "two.gguf"],
    "two+one.dat": ["two.gguf", "one.dat"],
    "one.dat+two.dat": ["one.dat", "two.dat"],
}.items():
    imatrix(result + ".gguf", *files)
