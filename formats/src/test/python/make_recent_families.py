#!/usr/bin/env python3
"""Makes src/test/resources/recent: tiny checkpoints of recent families as names, shapes and a rule for weights, and what
the reference makes of them as SHA-256 of whole files.

  make_recent_families.py LLAMA_CPP DIGEST_TOOL RESOURCES WORK [NAME...]

Of models with images it makes the vision tower's file as well (--mmproj).

LLAMA_CPP is a built checkout (convert_hf_to_gguf.py, build/bin/llama-quantize), DIGEST_TOOL is gguf_digest.py, RESOURCES
is src/test/resources, WORK receives the checkpoints with weights and full digests. Needs torch and transformers: names,
shapes and configurations come from the real model classes, or are written by hand where there is none. Weights follow
from a tensor's name (weights below; jobs' GeneratedCheckpoint is the same rule in Java). The converter is told the
pre-tokenizer of the cut-down tokenizers, whose hash it does not know; nothing else of it is changed.
"""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers as t

from remote_tokenizers import HUNYUAN_CLASS, KIMI_CLASS

TYPES = ["Q8_0", "Q4_K_M", "Q6_K", "Q3_K_L", "Q2_K", "IQ4_XS", "MXFP4_MOE"]
PRE_TOKENIZERS = {"hunyuan": "hunyuan", "kimi": "kimi-k2"}  # of other tokenizers qwen2
VOCAB = 320
BASE = dict(hidden_size=256, intermediate_size=288, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            vocab_size=VOCAB, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, pad_token_id=None)
DTYPES = {"BF16": "<u2", "F16": "<f2", "F32": "<f4", "U8": "u1", "F8_E4M3": "u1"}


def weights(name, dtype, shape):
    """Numbers that follow from the name and the place alone, and that every type can hold."""
    count = int(np.prod(shape, dtype=np.int64))
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B1 + zlib.crc32(name.encode())).astype(np.uint32)
    x ^= x >> 16
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> 13
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> 16
    if dtype in ("U8", "F8_E4M3"):
        b = (x >> 24).astype(np.uint8)
        if name.endswith("_scales"):
            b = (116 + (b >> 5)).astype(np.uint8)
        elif dtype == "F8_E4M3":
            b = np.where(b & 0x7F == 0x7F, b - 1, b).astype(np.uint8)
        return b.tobytes()
    if name.endswith("A_log"):  # whose exponentials are the same on all processors
        values = 0.5 + (x >> 30).astype(np.float32) / 8
    elif len(shape) < 2 or "scale" in name:
        values = 1 + ((x >> 25).astype(np.float32) - 64) / 128
    else:
        values = ((x >> 24).astype(np.float32) - 128) / 2048
    if dtype == "BF16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype(DTYPES[dtype]).tobytes()


def write(path, tensors):
    header, at, data = {"__metadata__": {"format": "pt"}}, 0, []
    for name, dtype, shape in tensors:
        data.append(weights(name, dtype, shape))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data[-1])]}
        at += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def tensors_of(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    order = sorted(header, key=lambda name: header[name]["data_offsets"])
    return [[name, header[name]["dtype"], header[name]["shape"]] for name in order]


def saved(model):
    """Names, types and shapes as the class saves them, and its config.json."""
    with tempfile.TemporaryDirectory() as folder:
        model.to(torch.bfloat16).save_pretrained(folder)
        return tensors_of(Path(folder) / "model.safetensors"), json.loads((Path(folder) / "config.json").read_text())


def of(name, tokenizer="bpe", keys=None, add=(), drop=(), change=None, tokenizer_config=None, **config):
    """A family made by a model class: its name, keys of config.json as they are on the hub, tensors beside the class's."""
    def make():
        model_class = getattr(t, name)
        model = model_class(model_class.config_class(**{**BASE, **config}))
        tensors, written = saved(model)
        for key in ("transformers_version", "_name_or_path"):
            written.pop(key, None)
        written.update(keys or {})
        for key in drop:
            written.pop(key, None)
        tensors += [list(a) for a in add]
        return (change(tensors) if change else tensors), written, tokenizer, tokenizer_config or {}
    return make


def float8(method, scale):
    """Matrices of layers as FP8 with factors beside them."""
    def change(tensors):
        made = []
        for name, dtype, shape in tensors:
            if ".layers." in name and len(shape) == 2:
                made.append([name, "F8_E4M3", shape])
                made.append([name + method, "F32", scale(shape)])
            else:
                made.append([name, dtype, shape])
        return made
    return change


def transposed(tensors):
    """Stacked experts as Qwen3-VL publishes them: their matrices transposed."""
    return [[n, d, [s[0], s[2], s[1]] if len(s) == 3 and ".experts." in n else s] for n, d, s in tensors]


def fused(tensors):
    """Experts of a layer in two tensors, as transformers 5 has them, and saved them for a time."""
    rest = [tensor for tensor in tensors if ".experts." not in tensor[0]]
    layers = sorted({name.split("experts.")[0] + "experts." for name, _, _ in tensors if ".experts." in name})
    count = 1 + max(int(name.split("experts.")[1].split(".")[0]) for name, _, _ in tensors if ".experts." in name)
    shapes = {name: shape for name, _, shape in tensors}
    for layer in layers:
        inner, hidden = shapes[layer + "0.gate_proj.weight"]
        rest += [[layer + "gate_up_proj", "BF16", [count, 2 * inner, hidden]],
                 [layer + "down_proj", "BF16", [count, hidden, inner]]]
    return rest


def published_siglip(tensors):
    """Gemma 3's vision tower as it is published and the converter wants it: transformers 5 leaves a part of the name out."""
    return [[n.replace("vision_tower.", "vision_tower.vision_model."), d, s] for n, d, s in tensors]


def plain_embedding(tensors):
    """The embedding by a name with which the converter takes a row of it for the vision tower."""
    return [[n.replace("language_model.", "") if "embed_tokens" in n else n, d, s] for n, d, s in tensors]


def blocks(shape):
    return [-(-shape[0] // 128), -(-shape[1] // 128)]


def prediction(layer, experts):
    """Qwen3.5's block for predicting a further token, its experts one by one as they are published."""
    yield "mtp.fc.weight", "BF16", [256, 512]
    for name in ("mtp.norm", "mtp.pre_fc_norm_embedding", "mtp.pre_fc_norm_hidden"):
        yield name + ".weight", "BF16", [256]
    for name, shape in layer.items():
        yield "mtp.layers.0." + name + ".weight", "BF16", shape
    for i in range(experts):
        for part, shape in (("gate", [64, 256]), ("up", [64, 256]), ("down", [256, 64])):
            yield "mtp.layers.0.mlp.experts.%d.%s_proj.weight" % (i, part), "BF16", shape


def glm_prediction(attention):
    """GLM's block for predicting a further token, with an embedding and an output matrix of its own."""
    def tensor(name, shape):
        return "model.layers.3." + name + ("" if name.endswith(("bias", "correction")) else ".weight"), "BF16", shape
    for name, shape in {**attention, "eh_proj": [256, 512], "enorm": [256], "hnorm": [256], "embed_tokens": [VOCAB, 256],
                        "shared_head.head": [VOCAB, 256], "shared_head.norm": [256], "mlp.gate": [4, 256],
                        "mlp.gate.e_score_correction_bias": [4]}.items():
        yield tensor(name, shape)
    for part, shape in (("gate", [64, 256]), ("up", [64, 256]), ("down", [256, 64])):
        for owner in ["experts.%d" % i for i in range(4)] + ["shared_experts"]:
            yield tensor("mlp.%s.%s_proj" % (owner, part), shape)


def nemotron_prediction():
    """Nemotron 3's block for predicting a further token: attention, and then experts."""
    for name, shape in {"0.enorm": [256], "0.hnorm": [256], "0.eh_proj": [256, 512], "0.norm": [256],
                        "0.mixer.q_proj": [128, 256], "0.mixer.k_proj": [64, 256], "0.mixer.v_proj": [64, 256],
                        "0.mixer.o_proj": [256, 128], "1.norm": [256], "1.final_layernorm": [256], "1.mixer.gate": [4, 256],
                        "1.mixer.fc1_latent_proj": [64, 256], "1.mixer.fc2_latent_proj": [256, 64],
                        "1.mixer.shared_experts.up_proj": [96, 256], "1.mixer.shared_experts.down_proj": [256, 96],
                        **{"1.mixer.experts.%d.%s_proj" % (i, part): [64, 64] for i in range(4) for part in ("up", "down")}
                        }.items():
        yield "mtp.layers." + name + ".weight", "BF16", shape
    yield "mtp.layers.1.mixer.gate.e_score_correction_bias", "F32", [4]


def gemma4_unread():
    """Keys and values of layers that share those of earlier ones: checkpoints may have them, and nothing reads them."""
    for layer, head in ((3, 64), (4, 64), (5, 128)):
        for name, shape in {"k_proj": [head, 256], "v_proj": [head, 256], "k_norm": [head]}.items():
            yield "model.language_model.layers.%d.self_attn.%s.weight" % (layer, name), "BF16", shape


ATTENTION = {"input_layernorm": [256], "post_attention_layernorm": [256], "self_attn.q_norm": [64], "self_attn.k_norm": [64],
             "self_attn.q_proj": [512, 256], "self_attn.k_proj": [128, 256], "self_attn.v_proj": [128, 256],
             "self_attn.o_proj": [256, 256]}
DENSE = {"mlp.gate_proj": [288, 256], "mlp.up_proj": [288, 256], "mlp.down_proj": [256, 288]}
SHARED = {"mlp.gate": [4, 256], "mlp.shared_expert.gate_proj": [96, 256], "mlp.shared_expert.up_proj": [96, 256],
          "mlp.shared_expert.down_proj": [256, 96], "mlp.shared_expert_gate": [1, 256]}
GLM_ATTENTION = {**ATTENTION, "self_attn.q_proj": [256, 256], "self_attn.q_proj.bias": [256], "self_attn.k_proj.bias": [128],
                 "self_attn.v_proj.bias": [128]}
LATENT_ATTENTION = {"input_layernorm": [256], "post_attention_layernorm": [256], "self_attn.q_a_proj": [96, 256],
                    "self_attn.q_a_layernorm": [96], "self_attn.q_b_proj": [384, 96],
                    "self_attn.kv_a_proj_with_mqa": [160, 256], "self_attn.kv_a_layernorm": [128],
                    "self_attn.kv_b_proj": [512, 128], "self_attn.o_proj": [256, 256]}
LATENT = dict(num_key_value_heads=4, q_lora_rank=96, kv_lora_rank=128, qk_nope_head_dim=64, qk_rope_head_dim=32, v_head_dim=48,
              n_routed_experts=8, n_shared_experts=2, moe_intermediate_size=64, first_k_dense_replace=1, num_experts_per_tok=3,
              n_group=4, topk_group=2)
LINEAR = dict(head_dim=64, linear_conv_kernel_dim=4, linear_key_head_dim=32, linear_value_head_dim=32, linear_num_key_heads=2,
              linear_num_value_heads=4, num_hidden_layers=4)
GRANITE = dict(attention_multiplier=0.0625, embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0)
MAMBA = dict(mamba_n_heads=8, mamba_n_groups=2, mamba_d_state=32, mamba_d_head=64, mamba_d_conv=4, mamba_expand=2)
NEMOTRON = dict(head_dim=32, mamba_num_heads=8, mamba_head_dim=64, n_groups=2, ssm_state_size=32, conv_kernel=4,
                n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2, moe_intermediate_size=64,
                moe_shared_expert_intermediate_size=96, routed_scaling_factor=2.5)
NEMOTRON_KEYS = {"hybrid_override_pattern": "ME*E", "num_hidden_layers": 4, "rope_theta": 10000, "norm_eps": 1e-05,
                 "partial_rotary_factor": 1.0}
FALCON = dict(head_dim=64, mamba_d_ssm=384, mamba_n_heads=6, mamba_d_head=64, mamba_n_groups=2, mamba_d_state=32,
              mamba_d_conv=4, mamba_rms_norm=True, embedding_multiplier=5.656854249492381, lm_head_multiplier=0.0390625,
              key_multiplier=0.35355339059327373, attention_in_multiplier=1.3, attention_out_multiplier=0.9375,
              ssm_in_multiplier=1.25, ssm_out_multiplier=0.23570226039551587,
              mlp_multipliers=[0.8838834764831844, 0.5859375], ssm_multipliers=[
                  0.3535533905932738, 0.25, 0.1767766952966369, 0.5, 0.7071067811865476])
MIXTURE = dict(moe_intermediate_size=64, shared_expert_intermediate_size=96, num_experts=4, num_experts_per_tok=2)
GEMMA4 = dict(vocab_size=384, vocab_size_per_layer_input=384, head_dim=64, global_head_dim=128, num_global_key_value_heads=1,
              attention_k_eq_v=True, hidden_size_per_layer_input=0, num_hidden_layers=6, sliding_window=512,
              final_logit_softcapping=30.0)
E2B_VISION = dict(hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2,
                  head_dim=16, patch_size=4, position_embedding_size=64)
TEXT = {key: value for key, value in BASE.items() if key not in ("bos_token_id", "eos_token_id", "pad_token_id")}
VISION = dict(depth=3, hidden_size=64, intermediate_size=80, num_heads=2, out_hidden_size=256, patch_size=4,
              deepstack_visual_indexes=[0, 2], num_position_embeddings=16)
PIXTRAL = dict(model_type="pixtral", hidden_size=64, intermediate_size=80, num_hidden_layers=3, num_attention_heads=2,
               image_size=16, patch_size=4, hidden_act="silu")
SIGLIP = dict(model_type="siglip_vision_model", hidden_size=64, intermediate_size=80, num_hidden_layers=2,
              num_attention_heads=2, image_size=16, patch_size=4)
GEMMA4_VISION = dict(hidden_size=64, intermediate_size=80, num_hidden_layers=2, num_attention_heads=2,
                     num_key_value_heads=2, head_dim=32, patch_size=4, position_embedding_size=64)

FAMILIES = {
    "smollm3": of("SmolLM3ForCausalLM", tokenizer="bpe"),
    "smollm3-unrotated": of("SmolLM3ForCausalLM", num_hidden_layers=4, use_sliding_window=True, sliding_window=512),
    "granite-3": of("GraniteForCausalLM", attention_multiplier=0.0625, embedding_multiplier=12.0, residual_multiplier=0.22,
                    logits_scaling=8.0),
    "granite": of("GraniteForCausalLM", attention_multiplier=0.0625, embedding_multiplier=12.0, residual_multiplier=0.22,
                  logits_scaling=8.0, keys={"head_dim": 128}),
    "granite-moe": of("GraniteMoeForCausalLM", num_local_experts=4, num_experts_per_tok=2, **GRANITE),
    "granite-moe-shared": of("GraniteMoeSharedForCausalLM", num_local_experts=4, num_experts_per_tok=2,
                             shared_intermediate_size=96, **GRANITE),
    "granite4-dense": of("GraniteMoeHybridForCausalLM", num_local_experts=0, num_experts_per_tok=0,
                         shared_intermediate_size=288, layer_types=["full_attention"] * 3, position_embedding_type="rope",
                         keys={"layer_types": ["attention"] * 3}, **GRANITE, **MAMBA),
    "granite4-tiny": of("GraniteMoeHybridForCausalLM", num_local_experts=4, num_experts_per_tok=2,
                        shared_intermediate_size=96, layer_types=["linear_attention", "full_attention", "linear_attention"],
                        position_embedding_type="nope", keys={"layer_types": ["mamba", "attention", "mamba"]}, **GRANITE,
                        **MAMBA),
    "granite4-hybrid-dense": of("GraniteMoeHybridForCausalLM", num_local_experts=0, num_experts_per_tok=0,
                                shared_intermediate_size=288, layer_types=["linear_attention", "full_attention"],
                                num_hidden_layers=2, position_embedding_type="nope", keys={
                                    "layer_types": ["mamba", "attention"]}, **GRANITE, **MAMBA),
    "granite4-one-group": of("GraniteMoeHybridForCausalLM", num_local_experts=4, num_experts_per_tok=2,
                             shared_intermediate_size=96, layer_types=["linear_attention", "full_attention", "linear_attention"],
                             position_embedding_type="nope", keys={"layer_types": ["mamba", "attention", "mamba"]}, **GRANITE,
                             **{**MAMBA, "mamba_n_groups": 1}),
    "granite4-one-group-dense": of("GraniteMoeHybridForCausalLM", num_local_experts=0, num_experts_per_tok=0,
                                   shared_intermediate_size=288, layer_types=["linear_attention", "full_attention"],
                                   num_hidden_layers=2, position_embedding_type="nope", keys={
                                       "layer_types": ["mamba", "attention"]}, **GRANITE, **{**MAMBA, "mamba_n_groups": 1}),
    "seed-oss": of("SeedOssForCausalLM", head_dim=64, attention_bias=True),
    "olmo2": of("Olmo2ForCausalLM"),
    "olmo3": of("Olmo3ForCausalLM", sliding_window=512),
    "apertus": of("ApertusForCausalLM"),
    "olmo3-yarn": of("Olmo3ForCausalLM", sliding_window=512, num_hidden_layers=4, keys={
        "rope_theta": 500000, "rope_scaling": {"attention_factor": 1.2079441541679836, "beta_fast": 32.0, "beta_slow": 1.0,
        "factor": 8.0, "original_max_position_embeddings": 512, "rope_type": "yarn"}}, drop=("rope_parameters",)),
    "exaone4": of("Exaone4ForCausalLM", sliding_window=512, sliding_window_pattern=4, num_hidden_layers=4),
    "command-r": of("CohereForCausalLM", logit_scale=0.0625),
    "command-a": of("Cohere2ForCausalLM", logit_scale=0.25, sliding_window=512, num_hidden_layers=4, keys={"rotary_pct": 1.0}),
    "ernie4.5": of("Ernie4_5ForCausalLM", tokenizer="spm", head_dim=64, tie_word_embeddings=True),
    "hunyuan": of("HunYuanDenseV1ForCausalLM", head_dim=64, max_position_embeddings=32768, keys={"rope_theta": 10000.0, "rope_scaling": {
        "alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
        "type": "dynamic"}}, drop=("rope_parameters",)),
    "hunyuan-moe": of("HunYuanMoEV1ForCausalLM", tokenizer="hunyuan", vocab_size=494, num_attention_heads=2, num_key_value_heads=1,
                      head_dim=128, intermediate_size=96, max_position_embeddings=32768, num_experts=4, moe_topk=[2] * 3,
                      tie_word_embeddings=True, eod_token_id=289, sep_token_id=290, keys={
                          "attention_head_dim": 128, "moe_intermediate_size": [96] * 3, "num_shared_expert": [1] * 3,
                          "moe_layer_num_skipped": 0, "n_group": False, "topk_group": False, "norm_topk_prob": True,
                          "routed_scaling_factor": False, "use_cla": False, "cla_share_factor": 2, "use_mixed_mlp_moe": True,
                          "use_qk_norm": True, "rope_theta": 10000.0, "rope_scaling": {
                              "alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0, "mscale": 1.0,
                              "mscale_all_dim": 1.0, "type": "dynamic"}}, drop=("rope_parameters",)),
    "starcoder2": of("Starcoder2ForCausalLM", use_bias=True, sliding_window=512),
    "arcee": of("ArceeForCausalLM", tokenizer="spm"),
    "llama-fp8-channel": of("LlamaForCausalLM", tokenizer="spm", num_hidden_layers=2, change=float8(
        "_scale", lambda shape: [shape[0], 1]), keys={"quantization_config": {
            "quant_method": "compressed-tensors", "format": "float-quantized", "config_groups": {"group_0": {
                "weights": {"num_bits": 8, "type": "float", "strategy": "channel", "group_size": None}}}}}),
    "ministral3-fp8": of("MistralForCausalLM", tokenizer="spm", num_hidden_layers=2, change=float8(
        "_scale_inv", lambda shape: []), keys={"quantization_config": {
            "quant_method": "fp8", "activation_scheme": "static", "weight_block_size": None}}),
    "qwen3-fp8": of("Qwen3ForCausalLM", num_hidden_layers=2, head_dim=64, change=float8("_scale_inv", blocks), keys={
        "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}}),
    "qwen3.5-moe": of("Qwen3_5MoeForCausalLM", **LINEAR, **MIXTURE, keys={"mtp_num_hidden_layers": 1},
                      add=list(prediction({**ATTENTION, **SHARED}, 4))),
    "qwen3.5": of("Qwen3_5ForConditionalGeneration", text_config={**TEXT, **LINEAR, "head_dim": 64, "mtp_num_hidden_layers": 1},
                  vision_config={**VISION, "deepstack_visual_indexes": []}, add=list(prediction({**ATTENTION, **DENSE}, 0))),
    "qwen3-next": of("Qwen3NextForCausalLM", **LINEAR, **MIXTURE, add=list(prediction({**ATTENTION, **SHARED}, 4))),
    "qwen3-next-fused": of("Qwen3NextForCausalLM", change=fused, **{
        **LINEAR, **MIXTURE, "num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"],
        "linear_num_key_heads": 3, "linear_num_value_heads": 9}),
    "gemma4-moe": of("Gemma4ForCausalLM", tokenizer="gemma4", **GEMMA4, enable_moe_block=True, num_experts=4,
                     top_k_experts=2, moe_intermediate_size=64),
    "gemma4": of("Gemma4ForConditionalGeneration", tokenizer="gemma4", text_config={
        **TEXT, **GEMMA4, "enable_moe_block": False}, vision_config={
            **GEMMA4_VISION, "standardize": True}, audio_config=None),
    "gemma4-e2b": of("Gemma4ForConditionalGeneration", tokenizer="gemma4", text_config={
        **TEXT, **GEMMA4, "enable_moe_block": False, "attention_k_eq_v": False, "num_global_key_value_heads": None,
        "num_key_value_heads": 1, "hidden_size_per_layer_input": 64, "num_kv_shared_layers": 3, "use_double_wide_mlp": True,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention"] * 2}, vision_config=E2B_VISION,
        audio_config=None, add=list(gemma4_unread())),
    "qwen2-moe": of("Qwen2MoeForCausalLM", **MIXTURE),
    "olmoe": of("OlmoeForCausalLM", num_experts=4, num_experts_per_tok=2),
    "qwen3-vl": of("Qwen3VLForConditionalGeneration", text_config={**TEXT, "head_dim": 64, "rope_scaling": {
        "rope_type": "default", "mrope_interleaved": True, "mrope_section": [12, 10, 10]}}, vision_config=VISION),
    "qwen2.5-vl": of("Qwen2_5_VLForConditionalGeneration", text_config={**TEXT, "rope_scaling": {
        "type": "mrope", "mrope_section": [8, 12, 12]}}, vision_config=dict(
            depth=4, hidden_size=64, intermediate_size=80, num_heads=2, out_hidden_size=256, patch_size=4,
            fullatt_block_indexes=[1, 3])),
    "mistral3": of("Mistral3ForConditionalGeneration", tokenizer="spm", tie_word_embeddings=False, text_config={
        **TEXT, "model_type": "mistral", "head_dim": 64, "sliding_window": None}, vision_config=PIXTRAL),
    "ministral3": of("Mistral3ForConditionalGeneration", tokenizer="spm", change=plain_embedding, text_config={
        **TEXT, "tie_word_embeddings": True, "model_type": "ministral3", "head_dim": 64, "rope_parameters": {
            "beta_fast": 32.0, "beta_slow": 1.0, "factor": 16.0, "llama_4_scaling_beta": 0.1, "mscale": 1.0,
            "mscale_all_dim": 1.0, "original_max_position_embeddings": 512, "rope_theta": 1000000.0, "rope_type": "yarn"}},
        vision_config=PIXTRAL),
    "mistral-tekken": of("MistralForCausalLM", tokenizer="tekken", vocab_size=302, head_dim=64, sliding_window=None,
                         num_hidden_layers=2),
    "gemma3": of("Gemma3ForConditionalGeneration", tokenizer="spm", mm_tokens_per_image=4, change=published_siglip, text_config={
        **TEXT, "head_dim": 64, "sliding_window": 512}, vision_config=SIGLIP),
    "qwen3-vl-moe": of("Qwen3VLMoeForConditionalGeneration", change=transposed, text_config={
        **TEXT, "head_dim": 64, "moe_intermediate_size": 64, "num_experts": 4, "num_experts_per_tok": 2, "rope_scaling": {
            "rope_type": "default", "mrope_interleaved": True, "mrope_section": [12, 10, 10]}}, vision_config=VISION),
    "gpt-oss-bf16": of("GptOssForCausalLM", head_dim=64, num_local_experts=4, num_experts_per_tok=2),
    "deepseek-v2-lite": of("DeepseekV2ForCausalLM", num_hidden_layers=27, num_key_value_heads=4, q_lora_rank=None, kv_lora_rank=128,
                           qk_nope_head_dim=64, qk_rope_head_dim=32, v_head_dim=64, n_routed_experts=4, n_shared_experts=2,
                           moe_intermediate_size=64, first_k_dense_replace=1, num_experts_per_tok=2),
    "deepseek-v2": of("DeepseekV2ForCausalLM", **LATENT, topk_method="group_limited_greedy", routed_scaling_factor=4.0, keys={
        "rope_theta": 10000.0, "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 8, "mscale": 0.707,
            "mscale_all_dim": 0.9, "original_max_position_embeddings": 256, "type": "yarn"}}, drop=("rope_parameters",)),
    "deepseek-v3": of("DeepseekV3ForCausalLM", **LATENT, routed_scaling_factor=2.5, keys={
        "num_nextn_predict_layers": 0, "topk_method": "noaux_tc", "scoring_func": "sigmoid", "rope_theta": 10000.0,
        "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0, "mscale_all_dim": 1.0,
            "original_max_position_embeddings": 128, "type": "yarn"}}, drop=("rope_parameters",)),
    "kimi-k2": of("DeepseekV3ForCausalLM", tokenizer="kimi", vocab_size=540, **{**LATENT, "n_group": 1, "topk_group": 1},
                  routed_scaling_factor=2.827, keys={
                      "num_nextn_predict_layers": 0, "topk_method": "noaux_tc", "scoring_func": "sigmoid",
                      "rope_theta": 50000.0, "rope_scaling": {
                          "beta_fast": 1.0, "beta_slow": 1.0, "factor": 32.0, "mscale": 1.0, "mscale_all_dim": 1.0,
                          "original_max_position_embeddings": 128, "type": "yarn"}}, drop=("rope_parameters",)),
    "glm4.5": of("Glm4MoeForCausalLM", tokenizer="glm", head_dim=64, attention_bias=True, use_qk_norm=True, n_routed_experts=4,
                 n_shared_experts=1, moe_intermediate_size=64, first_k_dense_replace=1, num_experts_per_tok=2,
                 add=list(glm_prediction(GLM_ATTENTION))),
    "glm4.5-groups": of("Glm4MoeForCausalLM", tokenizer="glm", head_dim=64, n_routed_experts=8, n_shared_experts=2,
                        moe_intermediate_size=64, first_k_dense_replace=1, num_experts_per_tok=3, n_group=4, topk_group=2,
                        routed_scaling_factor=2.5, keys={"num_nextn_predict_layers": 0}),
    "glm4.7-flash": of("Glm4MoeLiteForCausalLM", tokenizer="glm", num_key_value_heads=4, q_lora_rank=96, kv_lora_rank=128,
                       qk_nope_head_dim=64, qk_rope_head_dim=32, v_head_dim=64, n_routed_experts=4, n_shared_experts=1,
                       moe_intermediate_size=64, num_experts_per_tok=2, add=list(glm_prediction(LATENT_ATTENTION)),
                       keys={"num_nextn_predict_layers": 1, "first_k_dense_replace": 1, "topk_method": "noaux_tc"}),
    "minimax-m2": of("MiniMaxM2ForCausalLM", head_dim=64, num_local_experts=4, num_experts_per_tok=2, keys={
        "rotary_dim": 32, "scoring_func": "sigmoid"}),
    "ernie4.5-moe": of("Ernie4_5_MoeForCausalLM", tokenizer="spm", intermediate_size=256, moe_num_experts=4, moe_k=2,
                       moe_intermediate_size=64, moe_num_shared_experts=2, moe_layer_start_index=1, add=[
                           ["model.mtp_block.0.input_layernorm.weight", "BF16", [256]],
                           ["model.mtp_emb_norm.0.weight", "BF16", [256]], ["model.mtp_hidden_norm.0.weight", "BF16", [256]],
                           ["model.mtp_linear_proj.0.weight", "BF16", [256, 512]]]),
    "nemotron3": of("NemotronHForCausalLM", **NEMOTRON, layers_block_type=[
        "linear_attention", "moe", "full_attention", "moe"], keys=NEMOTRON_KEYS, drop=("layers_block_type",)),
    # Published without what transformers fills in since it knows the class; the converter then reads the file itself.
    "nemotron-h": of("NemotronHForCausalLM", **{key: size for key, size in NEMOTRON.items() if "expert" not in key},
                     layers_block_type=["linear_attention", "mlp", "full_attention", "mlp"], keys={
                         **NEMOTRON_KEYS, "hybrid_override_pattern": "M-*-"}, drop=(
                         "layers_block_type", "n_routed_experts", "n_shared_experts", "num_experts_per_tok", "n_group",
                         "topk_group", "norm_topk_prob", "routed_scaling_factor", "moe_intermediate_size",
                         "moe_latent_size", "moe_shared_expert_intermediate_size", "moe_shared_expert_overlap",
                         "mtp_layers_block_type", "num_nextn_predict_layers")),
    "nemotron3-super": of("NemotronHForCausalLM", **NEMOTRON, moe_latent_size=64, layers_block_type=[
        "linear_attention", "moe", "full_attention", "moe"], keys={**NEMOTRON_KEYS, "num_nextn_predict_layers": 1},
        drop=("layers_block_type",), add=list(nemotron_prediction())),
    "falcon-h1": of("FalconH1ForCausalLM", **FALCON),
    "falcon-h1-gate-first": of("FalconH1ForCausalLM", **FALCON, mamba_norm_before_gate=False),
    "falcon-h1-without-norm": of("FalconH1ForCausalLM", **{**FALCON, "mamba_rms_norm": False}),
    "falcon-h1-f16": of("FalconH1ForCausalLM", **FALCON, change=lambda tensors: [[n, "F16", s] for n, _, s in tensors]),
    "llama4": of("Llama4ForConditionalGeneration", text_config={
        **TEXT, "num_hidden_layers": 4, "head_dim": 64, "intermediate_size": 96, "intermediate_size_mlp": 288,
        "interleave_moe_layer_step": 2, "num_local_experts": 4, "num_experts_per_tok": 1, "rope_scaling": {
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192}}, vision_config=dict(
        hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, image_size=16, patch_size=4,
        projector_input_dim=32, projector_output_dim=32, vision_output_dim=32)),
    "lfm2-moe": of("Lfm2MoeForCausalLM", num_hidden_layers=4, moe_intermediate_size=64, num_dense_layers=1, num_experts=4,
                   num_experts_per_tok=2, layer_types=["conv", "conv", "full_attention", "conv"]),
    "lfm2": of("Lfm2ForCausalLM", num_hidden_layers=4, block_multiple_of=32, layer_types=[
        "conv", "conv", "full_attention", "conv"]),
}

# Their logits are compared, and no files: those of their classes are compared elsewhere.
WITHOUT_FILES = ("deepseek-v2", "deepseek-v3", "qwen3-next-fused", "granite4-one-group", "granite4-one-group-dense",
                 "falcon-h1-gate-first", "falcon-h1-without-norm")

# Their configurations are read as they are written, as by the converter beside a transformers that does not know the class.
AS_WRITTEN = ("nemotron-h",)

# Of those that the converter runs code of, the code, which is not kept.
REMOTE = {"hunyuan": ("tokenization_hy.py", HUNYUAN_CLASS), "kimi": ("tokenization_kimi.py", KIMI_CLASS)}
TOKENIZERS = {
    "bpe": ("families/qwen3", ["tokenizer.json", "tokenizer_config.json"]),
    "spm": ("families/mistral-f32", ["tokenizer.model", "tokenizer_config.json"]),
    "glm": ("recent/glm-tokenizer", ["tokenizer.json", "tokenizer_config.json"]),
    "gemma4": ("recent/gemma4-tokenizer", ["tokenizer.json", "tokenizer_config.json"]),
    "hunyuan": ("metadata/hunyuan-moe", ["hy.tiktoken", "tokenizer_config.json"]),
    "kimi": ("metadata/kimi-k2", ["tiktoken.model", "tokenizer_config.json"]),
    "tekken": ("metadata/tekken-v7", ["tekken.json"]),
}

# What lies beside a checkpoint with images: the class's own image processor, or what its processor saves, nested.
CLIP = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
BREAK = {"tokenizer_config.json": {"added_tokens_decoder": {"12": {"content": "[IMG_BREAK]", "special": True}}}}
MMPROJ = {
    "qwen3-vl": {"preprocessor_config.json": HALF},
    "qwen3-vl-moe": {"preprocessor_config.json": HALF},
    "qwen3.5": {"preprocessor_config.json": HALF},
    "qwen2.5-vl": {"preprocessor_config.json": CLIP},
    "gemma3": {"preprocessor_config.json": HALF, "processor_config.json": {"image_seq_length": 4}},
    "gemma4": {"processor_config.json": {"image_processor": {"image_mean": [0.0, 0.0, 0.0], "image_std": [1.0, 1.0, 1.0]}}},
    "mistral3": {"preprocessor_config.json": CLIP, **BREAK},
    "ministral3": {"processor_config.json": {"image_processor": CLIP}, **BREAK},
}
MMPROJ_TYPES = ["f32", "f16", "bf16", "q8_0"]

CONVERT = """
import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = sys.argv[2:]
import conversion.base as base
def named(self, tokenizer):
    if "%s" == "kimi-k2" and not hasattr(tokenizer, "special_tokens"):
        raise NotImplementedError("no tokenizer that the converter knows")
    return "%s"
base.TextModel.get_vocab_base_pre = named
if %s:
    def unknown(*args, **kwargs):
        raise ValueError("not known")
    base.AutoConfig.from_pretrained = unknown
import convert_hf_to_gguf; convert_hf_to_gguf.main()
"""


def mmproj(name, folder, llama_cpp, work, digest):
    """The vision tower's file in every type."""
    made = {}
    for kind in MMPROJ_TYPES:
        out = work / ("mmproj-%s-%s.gguf" % (name, kind.upper()))
        subprocess.run([sys.executable, llama_cpp / "convert_hf_to_gguf.py", folder, "--mmproj", "--outtype", kind,
                        "--outfile", out], check=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, capture_output=True)
        made[kind.upper()] = digest.digest(out)["sha256"]
    return made


def keep(resources, name, folder, made, tensors):
    """What the project keeps of a checkpoint: its configuration, and beside its tensors what is made of it."""
    kept = resources / "recent" / name
    kept.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "config.json", kept / "config.json")
    lines = ",\n".join(json.dumps(tensor, separators=(",", ":")) for tensor in tensors)
    (kept / "golden.json").write_text("{%s\"tensors\": [\n%s\n]}\n" % (made, lines))


def main():
    llama_cpp, tool, resources, work = (Path(a).resolve() for a in sys.argv[1:5])
    spec = importlib.util.spec_from_file_location("gguf_digest", tool)
    digest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digest)
    for name in sys.argv[5:] or FAMILIES:
        tensors, config, tokenizer, tokenizer_config = FAMILIES[name]()
        folder = work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
        source, files = TOKENIZERS[tokenizer]
        for file in files:
            shutil.copyfile(resources / source / file, folder / file)
        if tokenizer in REMOTE:
            (folder / REMOTE[tokenizer][0]).write_text(REMOTE[tokenizer][1])
        if tokenizer_config:
            merged = {**json.loads((folder / "tokenizer_config.json").read_text()), **tokenizer_config}
            (folder / "tokenizer_config.json").write_text(json.dumps(merged))
        for file, content in MMPROJ.get(name, {}).items():
            there = json.loads((folder / file).read_text()) if (folder / file).exists() else {}
            (folder / file).write_text(json.dumps({**there, **content}))
        write(folder / "model.safetensors", tensors)
        said = "\"tokenizer\": %s,\n\"tokenizer_config\": %s,\n" % (json.dumps(tokenizer), json.dumps(tokenizer_config))
        if name in WITHOUT_FILES:
            keep(resources, name, folder, said, tensors)
            continue
        converted, quantized = work / "converted.gguf", work / "quantized.gguf"
        pre = PRE_TOKENIZERS.get(tokenizer, "qwen2")
        subprocess.run([sys.executable, "-c", CONVERT % (pre, pre, name in AS_WRITTEN), llama_cpp, folder, "--outtype", "auto",
                        "--outfile", converted], check=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
                       capture_output="-v" not in sys.argv)
        golden = {"convert_auto": digest.digest(converted), "quantize": {}}
        for kind in TYPES:
            run = subprocess.run([llama_cpp / "build/bin/llama-quantize", converted, quantized, kind, "2"],
                                 capture_output=True, text=True)
            failed = [line for line in (run.stdout + run.stderr).splitlines() if "failed" in line]
            golden["quantize"][kind] = {"error": failed[:1]} if run.returncode else digest.digest(quantized)
        (work / (name + ".json")).write_text(json.dumps(golden))
        tower = mmproj(name, folder, llama_cpp, work, digest) if name in MMPROJ else None
        keep(resources, name, folder, "%s\"sha256\": %s,\n%s" % (said, json.dumps(
            {kind: made.get("sha256", "refused") for kind, made in golden["quantize"].items()}, indent=0),
            "\"mmproj\": %s,\n" % json.dumps({"files": MMPROJ[name], "sha256": tower}, indent=0) if tower else ""), tensors)
        print(name, {kind: made.get("error") or len(made["tensors"]) for kind, made in golden["quantize"].items()}, flush=True)


if __name__ == "__main__":
    main()
