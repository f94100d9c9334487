#!/usr/bin/env bash
# Which epsilon the norms inside multi-head latent attention take.
#
# Guess: "rms_norm_eps" of config.json, as all norms of the model, for nothing else in it says so.
# Seen (transformers 5.24.0): the norms of compressed queries, and of compressed keys and values, take 1e-6 whatever the
#   configuration says, in DeepSeek V2 and V3 and in GLM-4.7-Flash; the layers' own norms take what it says. With the 1e-5 that a
#   configuration of GLM-4.7-Flash has, or the 1e-2 tried here, a program that goes by the configuration computes something else.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(torch==2.13.0 transformers==5.24.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - <<'PYTHON'
import torch
import transformers
from transformers import (DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM, Glm4MoeLiteConfig,
                          Glm4MoeLiteForCausalLM)

print("transformers", transformers.__version__)
SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=64, moe_intermediate_size=16, num_hidden_layers=2,
             num_attention_heads=2, num_key_value_heads=2, q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=8,
             qk_rope_head_dim=8, v_head_dim=8, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1,
             first_k_dense_replace=1, n_group=1, topk_group=1)
SAID = 1e-2


def epsilon(norm):
    """By what the norm makes of numbers that are small beside it."""
    size = norm.weight.shape[0]
    small = torch.full((1, size), 1e-3)
    with torch.no_grad():
        scale = (norm(small)[0, 0] / norm.weight[0] / 1e-3).item()
    return 1 / scale**2 - 1e-6


holds = True
for config, model in ((DeepseekV2Config, DeepseekV2ForCausalLM), (DeepseekV3Config, DeepseekV3ForCausalLM),
                      (Glm4MoeLiteConfig, Glm4MoeLiteForCausalLM)):
    layer = model(config(**SIZES, rms_norm_eps=SAID)).model.layers[0]
    norms = {"layer": layer.input_layernorm, "compressed queries": layer.self_attn.q_a_layernorm,
             "compressed keys and values": layer.self_attn.kv_a_layernorm}
    found = {name: epsilon(norm) for name, norm in norms.items()}
    print(model.__name__, ", ".join(f"{name}: {value:.2e}" for name, value in found.items()))
    holds &= abs(found.pop("layer") - SAID) < 1e-4 and all(abs(value - 1e-6) < 1e-7 for value in found.values())

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
