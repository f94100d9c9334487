#!/usr/bin/env python3
"""Makes the golden digests of src/test/resources/imatrix/quantized.json: what llama-quantize makes of the checkpoint
mixtral-moe with options about the importance matrix.

  imatrix_goldens.py LLAMA_CPP FIXTURES OUTPUT.json

LLAMA_CPP is a built checkout (convert_hf_to_gguf.py, gguf-py, build/bin/llama-quantize), FIXTURES src/test/resources/fixtures.
The matrix "unseen" is that of the fixture without what expert 6 of layer 0, and all experts of layer 1 but the first, saw.
"""
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

llama, fixtures, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), Path(sys.argv[3])
sys.path.insert(0, str(llama / "gguf-py"))
import gguf  # noqa: E402
import numpy as np  # noqa: E402

MODEL = "mixtral-moe"
UNSEEN = {"blk.0.": [6], "blk.1.": [1, 2, 3, 4, 5, 6, 7]}


def without_experts(source, target):
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "")
    writer.kv_data = [{}]  # no general.architecture
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", reader.fields["imatrix.datasets"].contents())
    for key in ("imatrix.chunk_count", "imatrix.chunk_size"):
        writer.add_uint32(key, reader.fields[key].contents())
    for tensor in reader.tensors:
        data = np.array(tensor.data)
        if "_exps" in tensor.name:
            data[UNSEEN.get(tensor.name[:6], [])] = 0
        writer.add_tensor(tensor.name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


CASES = {
    "unseen": ("unseen.gguf", "Q3_K_M", []),
    "unseen-Q4_0": ("unseen.gguf", "Q4_0", []),
    "include": (MODEL + ".imatrix.gguf", "Q3_K_M", ["--include-weights", "ffn_down", "--include-weights", "attn_v"]),
    "exclude": (MODEL + ".imatrix.gguf", "Q4_0", ["--exclude-weights", "attn"]),
}

with tempfile.TemporaryDirectory() as folder:
    work = Path(folder)
    (work / (MODEL + ".imatrix.gguf")).write_bytes((fixtures / (MODEL + ".imatrix.gguf")).read_bytes())
    without_experts(fixtures / (MODEL + ".imatrix.gguf"), work / "unseen.gguf")
    subprocess.run([sys.executable, llama / "convert_hf_to_gguf.py", fixtures / MODEL, "--outtype", "auto", "--outfile",
                    work / "model.gguf"], check=True, capture_output=True)
    digests = {}
    for name, (matrix, file_type, options) in CASES.items():
        subprocess.run([llama / "build/bin/llama-quantize", "--imatrix", matrix, *options, "model.gguf", "out.gguf",
                        file_type], check=True, cwd=work, capture_output=True)
        digests[name] = hashlib.sha256((work / "out.gguf").read_bytes()).hexdigest()
    output.write_text(json.dumps(digests, indent=2) + "\n")
