#!/usr/bin/env bash
# A mixture of experts in compressed-tensors, packed to integers of four bits, read by transformers.
#
# Guess: what loads with symmetric integers loads with asymmetric ones too.
# Seen (transformers 5.18.0, compressed-tensors 0.20.1, torch 2.15.0): transformers unpacks experts while it stacks them, and
#   looks for their packed weights, scales and shapes, but not for their zero points. With symmetric integers the model loads
#   and is the one that was packed. With asymmetric ones it is refused with the message that zero points are needed, which
#   stand beside the weights in the file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(transformers==5.18.0 compressed-tensors==0.20.1 torch==2.15.0)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

CUDA_VISIBLE_DEVICES="" "$work/venv/bin/python" - "$work" <<'PYTHON' 2>/dev/null
import json
import pathlib
import sys

import compressed_tensors
import torch
import transformers
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from safetensors.torch import load_file, save_file

work = pathlib.Path(sys.argv[1])
print("transformers", transformers.__version__, "compressed-tensors", compressed_tensors.__version__, "torch", torch.__version__)
GROUP = 32
torch.manual_seed(0)
transformers.Qwen3MoeForCausalLM(transformers.Qwen3MoeConfig(
    hidden_size=64, intermediate_size=64, moe_intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=2, head_dim=32, num_experts=4, num_experts_per_tok=2, vocab_size=64)).save_pretrained(work / "plain")


def packed(symmetric):
    """The model with its experts packed by compressed-tensors itself, and the values that they stand for."""
    arguments = QuantizationArgs(num_bits=4, type="int", strategy="group", group_size=GROUP, symmetric=symmetric)
    scheme = QuantizationScheme(targets=["Linear"], weights=arguments)
    compressor = BaseCompressor.get_value_from_registry("pack-quantized")
    tensors, values = {}, {}
    for name, tensor in load_file(work / "plain" / "model.safetensors").items():
        if ".experts." not in name:
            tensors[name] = tensor
            continue
        groups = tensor.reshape(tensor.shape[0], -1, GROUP)
        if symmetric:
            scale = groups.abs().amax(-1) / 7.5
            zero = torch.zeros_like(scale, dtype=torch.int8)
        else:
            scale = (groups.amax(-1) - groups.amin(-1)) / 15
            zero = (-8 - (groups.amin(-1) / scale).round()).clamp(-8, 7).to(torch.int8)
        whole = ((groups / scale[..., None]).round() + zero[..., None]).clamp(-8, 7)
        values[name] = ((whole - zero[..., None]) * scale[..., None]).reshape(tensor.shape)
        made = compressor.compress({"weight": tensor, "weight_scale": scale, "weight_zero_point": zero}, scheme)
        for part, content in made.items():
            tensors[name.removesuffix("weight") + part] = content.contiguous()
    folder = work / ("symmetric" if symmetric else "asymmetric")
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    config = json.loads((work / "plain" / "config.json").read_text())
    config["quantization_config"] = {
        "quant_method": "compressed-tensors", "format": "pack-quantized", "quantization_status": "compressed",
        "ignore": ["lm_head", "re:.*self_attn.*", "re:.*mlp.gate$"],
        "config_groups": {"group_0": {"targets": ["Linear"], "format": "pack-quantized", "weights": {
            "num_bits": 4, "type": "int", "strategy": "group", "group_size": GROUP, "symmetric": symmetric}}}}
    (folder / "config.json").write_text(json.dumps(config))
    zeros = sum(name.endswith("weight_zero_point") for name in tensors)
    print(folder.name + ":", zeros, "tensors of zero points in the file")
    return folder, values, zeros


def largest_difference(folder, values):
    model = transformers.Qwen3MoeForCausalLM.from_pretrained(folder, dtype=torch.float32)
    experts = model.model.layers[0].mlp.experts
    down = torch.stack([values["model.layers.0.mlp.experts.%d.down_proj.weight" % i] for i in range(4)])
    return (experts.down_proj - down).abs().max().item()


folder, values, _ = packed(symmetric=True)
difference = largest_difference(folder, values)
print("symmetric experts load, and differ from what was packed by at most %.1e" % difference)
folder, values, zeros = packed(symmetric=False)
try:
    largest_difference(folder, values)
    refused = False
    print("asymmetric experts load")
except Exception as e:
    refused = True
    print("asymmetric experts do not load:", type(e).__name__)
holds = difference < 1e-6 and zeros == 12 and refused
print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
