#!/usr/bin/env bash
# How wide the feed-forward block of an LFM2 is, and which of its layers are convolutions.
#
# Guess: rows of w1 and w3 are intermediate_size, as in Llama; a configuration without layer_types gives the pattern that the
#   family is known for, mostly short convolutions.
# Seen (transformers 5.24.0): the width is two thirds of intermediate_size, rounded up to a multiple of block_multiple_of
#   (256), unless block_auto_adjust_ff_dim is false: 12288 makes 8192 rows, and 192 makes 256, more than it says. The saved
#   configuration keeps the number that is not the width. Where a configuration says neither layer_types nor full_attn_idxs,
#   no layer is a convolution. block_ff_dim and tie_embedding, names of the first release, win over intermediate_size and
#   tie_word_embeddings that stand beside them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(torch==2.13.0 transformers==5.24.0 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - <<'PYTHON'
import transformers
from transformers import Lfm2Config, Lfm2ForCausalLM

print("transformers", transformers.__version__)
SIZES = dict(vocab_size=64, hidden_size=64, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2)
seen = []


def see(what, found, wanted):
    print(f"{what}: {found}")
    seen.append(found == wanted)


for said, adjusted, width in ((12288, True, 8192), (192, True, 256), (192, False, 192)):
    model = Lfm2ForCausalLM(Lfm2Config(**SIZES, layer_types=["conv"] * 4, intermediate_size=said,
                                       block_auto_adjust_ff_dim=adjusted))
    rows = model.model.layers[0].feed_forward.w1.weight.shape[0]
    see(f"intermediate_size {said}, block_auto_adjust_ff_dim {adjusted}: the configuration says, and w1 has",
        (model.config.intermediate_size, rows), (said, width))
see("kinds of layers where the configuration names none", set(Lfm2Config(**SIZES).layer_types), {"full_attention"})
see("layers with full_attn_idxs [2]", Lfm2Config(**SIZES, full_attn_idxs=[2]).layer_types,
    ["conv", "conv", "full_attention", "conv"])
see("intermediate_size 192 beside block_ff_dim 384",
    Lfm2Config(**SIZES, intermediate_size=192, block_ff_dim=384).intermediate_size, 384)
see("tie_word_embeddings true beside tie_embedding false",
    Lfm2Config(**SIZES, tie_word_embeddings=True, tie_embedding=False).tie_word_embeddings, False)
holds = all(seen)

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
