#!/usr/bin/env bash
# What base and scaling of rotary embeddings ExLlamaV2 takes from a folder that transformers 5 saved.
#
# Guess: what the configuration says, or a refusal: both libraries know Llama 3.
# Seen (exllamav2 0.3.2, transformers 5.24.0): transformers writes rope_theta into rope_parameters, with the scaling, and
#   nothing beside it. ExLlamaV2 looks for rope_theta and rope_scaling at the top, finds neither, and takes a base of 10,000
#   without scaling, without a word. With the two keys beside rope_parameters it takes both. Its reading of the configuration
#   is run alone here: the CUDA extension, which it does not call, is left out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(torch==2.13.0 transformers==5.24.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}" &&
  "$work/venv/bin/pip" install -q --no-deps exllamav2==0.3.2; } ||
  { echo "the packages could not be installed"; exit 2; }

WORK=$work "$work/venv/bin/python" - 2>"$work/said" <<'PYTHON' || { cat "$work/said"; exit 1; }
import importlib.metadata
import importlib.util
import json
import os
import sys
import types

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

# The package's modules one by one, without the extension that its __init__ would have compiled.
package = types.ModuleType("exllamav2")
package.__path__ = list(importlib.util.find_spec("exllamav2").submodule_search_locations)
sys.modules["exllamav2"] = package
extension = types.ModuleType("exllamav2.ext")
extension.exllamav2_ext = types.ModuleType("exllamav2_ext")
extension.none_tensor = torch.empty(0)
sys.modules["exllamav2.ext"] = extension
from exllamav2.config import ExLlamaV2Config

print("transformers", transformers.__version__, "exllamav2", importlib.metadata.version("exllamav2"))
SCALED = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64}
seen = []


def see(what, found, wanted):
    print(f"{what}: {found}")
    seen.append(found == wanted)


def read(folder):
    config = ExLlamaV2Config(folder)
    return float(config.rotary_embedding_base), config.alt_rope_method


for name, rope in (("plain", {"rope_type": "default", "rope_theta": 500000.0}), ("scaled", SCALED)):
    folder = os.path.join(os.environ["WORK"], name)
    LlamaForCausalLM(LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=64, num_hidden_layers=1,
                                 num_attention_heads=4, max_position_embeddings=512, bos_token_id=1, eos_token_id=2,
                                 rope_parameters=rope)).save_pretrained(folder)
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    see(f"{name}: keys that transformers wrote", sorted(key for key in config if key.startswith("rope")), ["rope_parameters"])
    see(f"{name}: base and scaling that ExLlamaV2 takes, where 500000.0 is written", read(folder), (10000.0, None))
    config["rope_theta"] = 500000.0
    config["rope_scaling"] = rope if name == "scaled" else None
    with open(path, "w") as file:
        json.dump(config, file)
    see(f"{name}: the same with rope_theta and rope_scaling beside", read(folder),
        (500000.0, "llama3" if name == "scaled" else None))
holds = all(seen)

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
