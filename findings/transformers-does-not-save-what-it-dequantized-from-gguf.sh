#!/usr/bin/env bash
# Saving a model that transformers has read from a GGUF file.
#
# Guess: from_pretrained(..., gguf_file=...) dequantizes, so what it gives is a model like any other, and save_pretrained makes a
#   checkpoint of it, as transformers' own pages show on the way back to GGUF.
# Seen (transformers 5.18.0): every parameter is a float32, and save_pretrained raises ValueError: the model "is quantized with
#   QuantizationMethod.GGUF and is not serializable". So it does even for a file with nothing quantized in it, all tensors F32.
#   A model of the same configuration with these very weights, made by hand, is saved.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(transformers==5.18.0 torch==2.13.0 gguf==0.19.0 accelerate==1.15.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON' 2>/dev/null
import importlib.metadata
import sys

import gguf
import numpy as np
import torch
from transformers import LlamaForCausalLM

for package in ("transformers", "torch", "gguf"):
    print(package, importlib.metadata.version(package))
HIDDEN, VOCABULARY, FILE = 32, 8, "tiny.gguf"


def write(quantized):
    writer = gguf.GGUFWriter(f"{sys.argv[1]}/{FILE}", "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *"abcde"])
    writer.add_token_scores([0.0] * VOCABULARY)
    writer.add_token_types([2, 3, 3, 1, 1, 1, 1, 1])
    random = np.random.default_rng(1)
    matrices = {"token_embd": VOCABULARY, "output": VOCABULARY} | {
        f"blk.0.{name}": HIDDEN for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")}
    for name, rows in matrices.items():
        weights = random.standard_normal((rows, HIDDEN), dtype=np.float32)
        if quantized:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name + ".weight", gguf.quantize(weights, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name + ".weight", weights)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(name + ".weight", np.ones(HIDDEN, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def saved(model):
    try:
        model.save_pretrained(sys.argv[1] + "/saved")
        return "saved"
    except ValueError as raised:
        return "ValueError, " + ("not serializable" if "GGUF and is not serializable" in str(raised) else str(raised))


holds = True
for quantized in (True, False):
    write(quantized)
    read = LlamaForCausalLM.from_pretrained(sys.argv[1], gguf_file=FILE)
    types = {parameter.dtype for parameter in read.parameters()}
    config = type(read.config)(**{
        key: getattr(read.config, key)
        for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")})
    by_hand = LlamaForCausalLM(config)
    by_hand.load_state_dict(read.state_dict())
    outcome = saved(read), saved(by_hand)
    print("Q8_0:" if quantized else "F32:", types, "as read:", outcome[0], "| made by hand:", outcome[1])
    holds &= types == {torch.float32} and outcome == ("ValueError, not serializable", "saved")
print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
