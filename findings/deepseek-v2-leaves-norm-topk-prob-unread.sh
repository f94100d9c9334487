#!/usr/bin/env bash
# What "norm_topk_prob" does to the experts of a DeepSeek V2.
#
# Guess: with true, the weights of a token's experts are made to add up to 1, as the key says and as transformers does it for
#   DeepSeek V3 and for Qwen's experts.
# Seen (transformers 5.24.0): DeepseekV2ForCausalLM takes the key and gives it back, and its logits are bit for bit those of
#   false: weights add up to less than 1 either way. DeepseekV3ForCausalLM's logits do change. A fine-tune that sets the key
#   gets nothing of it there, and something else in a program that goes by it.
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
from transformers import DeepseekV2Config, DeepseekV2ForCausalLM, DeepseekV3Config, DeepseekV3ForCausalLM

print("transformers", transformers.__version__)
SIZES = dict(vocab_size=64, hidden_size=32, intermediate_size=64, moe_intermediate_size=16, num_hidden_layers=2,
             num_attention_heads=2, num_key_value_heads=2, q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=8,
             qk_rope_head_dim=8, v_head_dim=8, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1,
             first_k_dense_replace=1, n_group=1, topk_group=1, routed_scaling_factor=1.0)


def logits(config, model, said, **others):
    torch.manual_seed(0)
    made = model(config(**SIZES, norm_topk_prob=said, **others)).eval()
    assert made.config.norm_topk_prob is said
    with torch.no_grad():
        return made(torch.arange(20)[None]).logits


same = {}
for name, config, model, others in (("DeepSeek V2", DeepseekV2Config, DeepseekV2ForCausalLM, {"topk_method": "greedy"}),
                                    ("DeepSeek V3", DeepseekV3Config, DeepseekV3ForCausalLM, {})):
    same[name] = torch.equal(logits(config, model, True, **others), logits(config, model, False, **others))
    print(f"{name}: logits with true and with false are {'the same' if same[name] else 'not the same'}")
holds = same == {"DeepSeek V2": True, "DeepSeek V3": False}

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
