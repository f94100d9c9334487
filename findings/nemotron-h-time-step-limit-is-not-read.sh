#!/usr/bin/env bash
# Which key of a configuration bounds the time steps of Mamba 2 in hybrid models.
#
# Guess: time_step_limit, a lowest and a highest step, in every family; time_step_min, time_step_max and time_step_floor say
#   what dt_bias is drawn from at the start of a training, and change nothing of a model that has weights.
# Seen (transformers 5.24.0): so it is in Granite 4, Falcon-H1 and Bamba. Nemotron-H has the same keys and reads others: its
#   time_step_limit changes nothing, and time_step_min, 0.001 where the file does not say, is the lowest step. There is no
#   highest one. A checkpoint whose small steps were trained without a bound gives other numbers in it, and its configuration
#   says (0, infinity).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(torch==2.13.0 transformers==5.24.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - <<'PYTHON' 2>"$work/err" || { tail -3 "$work/err"; exit 1; }
import torch
import transformers
from transformers import (BambaConfig, BambaForCausalLM, FalconH1Config, FalconH1ForCausalLM, GraniteMoeHybridConfig,
                          GraniteMoeHybridForCausalLM, NemotronHConfig, NemotronHForCausalLM)

print("transformers", transformers.__version__)
SIZES = dict(vocab_size=64, hidden_size=64, num_attention_heads=4, num_key_value_heads=2, initializer_range=0.3)
MAMBA = dict(mamba_n_heads=8, mamba_d_head=16, mamba_n_groups=1, mamba_d_state=16, num_hidden_layers=2)
TWO = ["linear_attention", "full_attention"]
FAMILIES = {
    "Granite 4": (GraniteMoeHybridForCausalLM, GraniteMoeHybridConfig, dict(
        layer_types=TWO, shared_intermediate_size=64, num_local_experts=0, num_experts_per_tok=0, **MAMBA)),
    "Falcon-H1": (FalconH1ForCausalLM, FalconH1Config, dict(mamba_d_ssm=128, intermediate_size=64, **MAMBA)),
    "Bamba": (BambaForCausalLM, BambaConfig, dict(attn_layer_indices=[1], intermediate_size=64, **MAMBA)),
    "Nemotron-H": (NemotronHForCausalLM, NemotronHConfig, dict(
        layers_block_type=TWO, head_dim=16, mamba_num_heads=8, mamba_head_dim=16, n_groups=1, ssm_state_size=16,
        intermediate_size=64)),
}
KEYS = {
    "a lowest time_step_limit": dict(time_step_limit=(0.05, float("inf"))),
    "a highest time_step_limit": dict(time_step_limit=(0.0, 0.5)),
    "time_step_min": dict(time_step_min=0.05),
    "time_step_max": dict(time_step_max=0.5),
    "time_step_floor": dict(time_step_floor=0.05),
}
WEIGHTS = {}


def logits(name, bias, **keys):
    """Of the same weights whatever the keys; steps follow from the bias, nearly nothing of -20 and about 3 of 3."""
    model_class, config_class, sizes = FAMILIES[name]
    model = model_class(config_class(**SIZES, **sizes, **keys)).eval()
    model.load_state_dict(WEIGHTS.setdefault(name, {key: value.clone() for key, value in model.state_dict().items()}))
    for key, value in model.named_parameters():
        if key.endswith("dt_bias"):
            value.data.fill_(bias)
    with torch.no_grad():
        return model(torch.arange(1, 33)[None], use_cache=False).logits


torch.manual_seed(0)
seen = {}
for name in FAMILIES:
    seen[name] = {what for what, keys in KEYS.items()
                  if any(not torch.equal(logits(name, bias), logits(name, bias, **keys)) for bias in (-20.0, 3.0))}
    print(name + ": changed by", ", ".join(sorted(seen[name])))
both = {"a lowest time_step_limit", "a highest time_step_limit"}
holds = (seen["Granite 4"] == seen["Falcon-H1"] == seen["Bamba"] == both and seen["Nemotron-H"] == {"time_step_min"}
         and NemotronHConfig().time_step_min == 0.001 and tuple(NemotronHConfig().time_step_limit) == (0.0, float("inf")))

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
