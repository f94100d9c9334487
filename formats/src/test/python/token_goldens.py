"""Records the tokens that the references give for a text that is hard to tokenize: transformers 5.24 (with tokenizers
0.23 and sentencepiece 0.2; PyTorch is not needed), and llama.cpp (through the file of logits that llama-perplexity
saves, which holds the tokens).

    python token_goldens.py LLAMA_CPP OUTPUT.json

LLAMA_CPP is a checkout with build/bin/llama-perplexity and convert_hf_to_gguf.py. Run from formats/.
"""

import json
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

RESOURCES = Path("src/test/resources")
TEXT = (
    "  Two spaces, a\ttab and\n\nlines.  Ｆｕｌｌ width, ﬁne ligatures, Å and Å;  naïve café – “quotes”…"
    " 日本語のテキスト 🚀🙂 <s> </s> [PAD5] 3.14159 1234567 don't I'VE we'll\u00a0nbsp\u200bzero … е́ "
    "if (x >= 10) { return y[0]; }\n    indented = True\n"
) * 3
CONTEXT = 32


# What transformers makes of a folder hangs on the model's type and on the tokenizer's class.
TRANSFORMERS = [
    ("fixtures/llama-spm", None), ("fixtures/mixtral-moe", None), ("families/llama-3.1", None),
    ("families/mistral-f32", None), ("families/phi-3", None), ("families/gemma-2", None),
    ("families/gemma-2", "GemmaTokenizer"), ("fixtures/llama-spm", "GemmaTokenizer"),
    ("fixtures/mixtral-moe", "PreTrainedTokenizerFast"), ("metadata/mistral-spm-bare", None),
    ("metadata/phi4", None), ("metadata/llama3", None), ("metadata/llama-hf", None), ("metadata/qwen3", None),
    ("families/phi-4-mini", None), ("families/qwen3", None), ("families/qwen2.5-yarn", None),
]


def transformers(model, tokenizer_class):
    """The tokens of a folder's tokenizer, perhaps with another class in its tokenizer_config.json."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model"
        shutil.copytree(RESOURCES / model, copy, ignore=shutil.ignore_patterns("*.safetensors"))
        if tokenizer_class:
            path = copy / "tokenizer_config.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), "tokenizer_class": tokenizer_class}))
        return AutoTokenizer.from_pretrained(copy).encode(TEXT, add_special_tokens=False)


def llama_cpp(model, checkout):
    with tempfile.TemporaryDirectory() as folder:
        gguf, text, logits = (Path(folder) / name for name in ("model.gguf", "text.txt", "logits"))
        subprocess.run([sys.executable, checkout / "convert_hf_to_gguf.py", RESOURCES / model, "--outfile", gguf,
                        "--outtype", "auto"], check=True, capture_output=True)
        # llama-perplexity drops the last line end of a file.
        text.write_text(TEXT + "\n")
        subprocess.run([checkout / "build/bin/llama-perplexity", "-m", gguf, "-f", text, "-c", str(CONTEXT),
                        "-b", str(CONTEXT), "--save-all-logits", logits], check=True, capture_output=True)
        data = logits.read_bytes()
        context, _, chunks = struct.unpack_from("<iii", data, 8)
        return list(struct.unpack_from(f"<{context * chunks}i", data, 20))


def main():
    checkout, output = Path(sys.argv[1]), Path(sys.argv[2])
    cases = [
        *({"model": model, "by": "transformers", "class": tokenizer_class, "ids": transformers(model, tokenizer_class)}
          for model, tokenizer_class in TRANSFORMERS),
        {"model": "fixtures/llama-spm", "by": "llama.cpp", "ids": llama_cpp("fixtures/llama-spm", checkout)},
        {"model": "families/gemma-3-text", "by": "llama.cpp", "ids": llama_cpp("families/gemma-3-text", checkout)},
    ]
    # Beyond the repository: a real byte-level BPE vocabulary, which is too large for it.
    shared = Path("../../shared/fixtures/qwen2-bpe")
    if shared.exists():
        cases.append({"model": str(shared), "by": "llama.cpp", "ids": llama_cpp(shared.resolve(), checkout)})
    output.write_text(json.dumps({"text": TEXT, "cases": cases}, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
