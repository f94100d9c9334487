#!/usr/bin/env python3
"""Records what AutoAWQ and compressed-tensors make of small linear layers: the references of PackingGoldenTest.

For each case: the integers, zero points and scales that go in, the tensors that come out, and the weights that the library
itself makes of them again. Needs torch, safetensors, compressed-tensors, and the source tree of AutoAWQ, of which only the
packing of one layer is loaded.

    make_awq_packing.py AUTOAWQ_SOURCE_FOLDER OUTPUT_FILE
"""
import pathlib
import sys
import types

import torch
from compressed_tensors.compressors.quantized_compressors.pack_quantized import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs
from safetensors.torch import save_file

OUTPUTS, INPUTS = 32, 64  # AutoAWQ packs only multiples of 32 outputs


def autoawq(root):
    """WQLinear_GEMM, without the imports of all models."""
    for package in ["awq", "awq.modules", "awq.modules.linear", "awq.utils"]:
        module = types.ModuleType(package)
        module.__path__ = [str(pathlib.Path(root, *package.split(".")))]
        sys.modules[package] = module
    sys.modules.setdefault("accelerate", types.ModuleType("accelerate"))  # asked for, but not used in packing
    from awq.modules.linear.gemm import WQLinear_GEMM
    from awq.utils.packing_utils import dequantize_gemm
    return WQLinear_GEMM, dequantize_gemm


def layer(group, symmetric, scale_type):
    generator = torch.Generator().manual_seed(group + symmetric)
    groups = INPUTS // group
    values = torch.randint(0, 16, (OUTPUTS, INPUTS), generator=generator)
    zeros = torch.full((OUTPUTS, groups), 8) if symmetric else torch.randint(0, 16, (OUTPUTS, groups), generator=generator)
    scales = (torch.rand((OUTPUTS, groups), generator=generator) * 0.02 + 0.001).to(scale_type)
    return values, zeros, scales


def gemm(group, root):
    quantized_linear, dequantize = autoawq(root)
    values, zeros, scales = layer(group, False, torch.float16)
    each = lambda x: x.repeat_interleave(group, 1)
    linear = torch.nn.Linear(INPUTS, OUTPUTS, bias=False)
    linear.weight.data = (values - each(zeros)).float() * each(scales).float()
    packed = quantized_linear.from_linear(linear, 4, group, scales=scales.float().T.contiguous(), zeros=zeros.T.contiguous())
    weights = dequantize(packed.qweight, packed.qzeros, packed.scales, 4, group).T
    return values, zeros, scales, weights, {
        "qweight": packed.qweight, "qzeros": packed.qzeros, "scales": packed.scales}


def compressed(group, symmetric):
    values, zeros, scales = layer(group, symmetric, torch.bfloat16)
    whole = group == INPUTS
    arguments = QuantizationArgs(num_bits=4, type="int", symmetric=symmetric, strategy="channel" if whole else "group",
                                 group_size=None if whole else group)
    each = lambda x: x.repeat_interleave(group, 1)
    weight = (values - each(zeros)).float() * each(scales).float()
    compressor = PackedQuantizationCompressor()
    signed = (zeros - 8).to(torch.int8)
    packed = compressor.compress_weight(weight, scales.float(), arguments, None if symmetric else signed)
    packed = {"weight_" + k.removeprefix("weight_"): v for k, v in packed.items()} | {"weight_scale": scales}
    weights = compressor.decompress_weight(dict(packed, weight_scale=scales.float()), arguments)
    return values, zeros, scales, weights, packed


def main(root, output):
    cases = {"gemm-g32": gemm(32, root), "gemm-whole": gemm(INPUTS, root)}
    for group in [32, INPUTS]:
        for symmetric in [False, True]:
            name = "compressed-%s-%s" % ("whole" if group == INPUTS else "g%d" % group, "sym" if symmetric else "asym")
            cases[name] = compressed(group, symmetric)
    tensors = {}
    for name, (values, zeros, scales, weights, packed) in cases.items():
        tensors[name + "/values"] = values.to(torch.uint8)
        tensors[name + "/zeros"] = zeros.to(torch.uint8)
        tensors[name + "/float_scales"] = scales.float()
        tensors[name + "/weights"] = weights.float()
        for key, value in packed.items():
            tensors[name + "/" + key] = value
    save_file({key: value.contiguous() for key, value in tensors.items()}, output)


if __name__ == "__main__":
    main(*sys.argv[1:])
