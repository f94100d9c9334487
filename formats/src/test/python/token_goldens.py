"""Records the tokens that the references give for a text that is hard to tokenize: SentencePiece, Hugging Face's
tokenizers, and llama.cpp (through the file of logits that llama-perplexity saves, which holds the tokens).

    python token_goldens.py LLAMA_CPP OUTPUT.json

LLAMA_CPP is a checkout with build/bin/llama-perplexity and convert_hf_to_gguf.py. Run from formats/.
"""

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers

RESOURCES = Path("src/test/resources")
TEXT = (
    "  Two spaces, a\ttab and\n\nlines.  Ｆｕｌｌ width, ﬁne ligatures, Å and Å;  naïve café – “quotes”…"
    " 日本語のテキスト 🚀🙂 <s> </s> [PAD5] 3.14159 1234567 don't I'VE we'll\u00a0nbsp\u200bzero … е́ "
    "if (x >= 10) { return y[0]; }\n    indented = True\n"
) * 3
CONTEXT = 32


def sentence_piece(model):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(RESOURCES / model / "tokenizer.model"))
    return processor.encode(TEXT)


def hugging_face(model):
    tokenizer = tokenizers.Tokenizer.from_file(str(RESOURCES / model / "tokenizer.json"))
    return tokenizer.encode(TEXT, add_special_tokens=False).ids


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
        {"model": "fixtures/llama-spm", "by": "sentencepiece", "ids": sentence_piece("fixtures/llama-spm")},
        {"model": "metadata/phi4", "by": "huggingface", "ids": hugging_face("metadata/phi4")},
        {"model": "metadata/llama3", "by": "huggingface", "ids": hugging_face("metadata/llama3")},
        {"model": "families/phi-4-mini", "by": "huggingface", "ids": hugging_face("families/phi-4-mini")},
        {"model": "fixtures/llama-spm", "by": "llama.cpp", "ids": llama_cpp("fixtures/llama-spm", checkout)},
        {"model": "families/gemma-3-text", "by": "llama.cpp", "ids": llama_cpp("families/gemma-3-text", checkout)},
    ]
    # Beyond the repository: a real byte-level BPE vocabulary, which is too large for it.
    shared = Path("../../shared/fixtures/qwen2-bpe")
    if shared.exists():
        cases.append({"model": str(shared), "by": "llama.cpp", "ids": llama_cpp(shared.resolve(), checkout)})
    output.write_text(json.dumps({"text": TEXT, "cases": cases}, ensure_ascii=True) + "\n")


main()
