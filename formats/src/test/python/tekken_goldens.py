#!/usr/bin/env python3
"""Records the tokens that transformers 5.18 gives for a text where a folder has a tekken.json, which are mistral_common's:

  tekken_goldens.py OUTPUT.json

Needs transformers and mistral_common 1.13. Run from formats/, after tokenizer_cases.py.
"""
import json
import sys
from pathlib import Path

from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from transformers import AutoTokenizer

TEXT = ("the quick brown fox, while seven wizards 7919.\n\n\n  four    spaces\r\n\t\tand tabs!? .../ naïve café Größe GRÖSSE"
        " don't I'VE we'll\u00a0nbsp\u200bzero 日本語の日本 🚀🙂 е\u0301 не на не [INST] <s></s> 3.14159 ２０２６ \ufb01ne ") * 2


def main():
    cases = []
    for name in ("tekken-v3", "tekken-v7", "tekken-v13"):
        folder = Path("src/test/resources/metadata") / name
        ids = AutoTokenizer.from_pretrained(folder).encode(TEXT, add_special_tokens=False)
        assert ids == Tekkenizer.from_file(folder / "tekken.json").encode(TEXT, bos=False, eos=False)
        cases.append({"model": name, "ids": ids})
    Path(sys.argv[1]).write_text(json.dumps({"text": TEXT, "cases": cases}) + "\n")


main()
