#!/usr/bin/env bash
# One tokenizer.model, two readers.
#
# Guess: transformers' LlamaTokenizer gives the pieces that SentencePiece gives, since it reads the same tokenizer.model.
# Seen (sentencepiece 0.2.3, transformers 5.24.0), with a model that SentencePiece trained with its defaults: plain text
#   agrees. SentencePiece applies the normalizer that the model file holds: it makes one space of a run of spaces, tabs and
#   line ends, drops spaces at the end, and replaces compatibility characters (NFKC). transformers leaves that normalizer
#   out: it keeps all spaces, and writes a ligature as bytes. And <s> in a text is a token to transformers, and text to
#   SentencePiece. Calibration texts that these two tokenized are not the same sequences.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || { echo "needs python3"; exit 2; }
packages=(sentencepiece==0.2.3 transformers==5.24.0 tokenizers==0.23.3 protobuf==7.36.2 numpy==2.4.6)
{ python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q "${packages[@]}"; } ||
  { echo "the packages could not be installed"; exit 2; }

"$work/venv/bin/python" - "$work" <<'PYTHON'
import json
import os
import random
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"
import sentencepiece
import transformers

print("sentencepiece", sentencepiece.__version__, "transformers", transformers.__version__)
folder = sys.argv[1] + "/model"
os.makedirs(folder)
random.seed(3)
words = "a layer of the model reads rows of weights and writes blocks with four bits and a scale for every group".split()
with open(folder + "/corpus.txt", "w") as corpus:
    for _ in range(2000):
        corpus.write(" ".join(random.choice(words) for _ in range(12)) + "\n")
sentencepiece.SentencePieceTrainer.train(
    input=folder + "/corpus.txt", model_prefix=folder + "/tokenizer", vocab_size=300, model_type="bpe",
    byte_fallback=True, minloglevel=2)
with open(folder + "/tokenizer_config.json", "w") as file:
    json.dump({"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
               "add_bos_token": False, "legacy": False}, file)
first = sentencepiece.SentencePieceProcessor(model_file=folder + "/tokenizer.model")
second = transformers.LlamaTokenizer.from_pretrained(folder)
texts = ["four bits", " four bits", "four  bits", "four bits ", "four\nbits", "\ufb01ne rows", "<s> four"]
same = []
for text in texts:
    pieces = first.encode(text, out_type=str)
    tokens = second.convert_ids_to_tokens(second.encode(text, add_special_tokens=False))
    same.append(pieces == tokens)
    print(f"{text!r}: {'the same' if same[-1] else 'not the same'}")
    print("  SentencePiece", " ".join(pieces))
    print("  transformers ", " ".join(tokens))
holds = same == [True, True, False, False, False, False, False]

print("PASS" if holds else "FAIL: this has changed")
raise SystemExit(0 if holds else 1)
PYTHON
