#!/usr/bin/env bash
# The base of the rotary embedding in an OLMo 3 configuration as it was published, with rope_theta at its top.
#
# Guess: a key that speaks of no kind of layer holds for all of them.
# Seen (transformers 5.18.0): the layers that attend to everything take it, those with a sliding window take the class's
#   default, 500,000, without a word. A model that was continued with another base runs with two. Of Gemma 3 the same is meant:
#   there the window's layers have a key of their own. A dictionary for each kind of layer, as transformers 5 saves it, is kept.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(transformers==5.18.0)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - <<'PYTHON' 2>/dev/null
import transformers

print("transformers", transformers.__version__)
full, sliding = "full_attention", "sliding_attention"


def bases(**keys):
    config = transformers.Olmo3Config(num_hidden_layers=4, **keys)
    return {kind: config.rope_parameters[kind]["rope_theta"] for kind in (full, sliding)}


told_once = bases(rope_theta=1e6)
print("rope_theta of 1e6 at the top:", told_once)
told_twice = bases(rope_parameters={
    kind: {"rope_type": "default", "rope_theta": 1e6} for kind in (full, sliding)})
print("rope_theta of 1e6 for each kind:", told_twice)
gemma = transformers.Gemma3TextConfig(rope_theta=1e6, rope_local_base_freq=20000.0).rope_parameters
print("Gemma 3, rope_theta of 1e6 and rope_local_base_freq of 20000:", gemma)

holds = (told_once == {full: 1e6, sliding: 5e5} and told_twice == {full: 1e6, sliding: 1e6}
         and gemma[full]["rope_theta"] == 1e6 and gemma[sliding]["rope_theta"] == 20000.0)
print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
