#!/usr/bin/env python3
"""Records what transformers computes in 32-bit floats for checkpoints: the references of ReferenceLogitsTest.

Those of checkpoints of make_recent_families.py (its WORK folder) belong into src/test/resources/recent-logits. Each checkpoint is
run over sequences of tokens, some longer than its sliding window or its original context. Recorded are the
tokens, the most probable next token at every position, and the logits at some. Needs torch, transformers, safetensors and
sentencepiece.

    make_reference_logits.py OUTPUT_FOLDER CHECKPOINT_FOLDER...
"""
import json
import pathlib
import sys

import numpy
import torch
import transformers
from safetensors.numpy import save_file

RECORDED_POSITIONS = 6
RECORDED_LOGITS = 1024  # a position: every n-th of a large vocabulary
POSITIONS = 2000

# Sequence lengths where the default does not reach the window or the longer rope factors.
LENGTHS = {
    "mistral-f32": [1300, 700],
    "phi-3": [2300, 33],
    "phi-3-longrope": [4200, 600],
    "phi-4-mini": [4200, 600],
    "gemma-2": [900, 1, 1100],
}
DEFAULT_LENGTHS = [1030, 600, 370]

# Tokens that the tokenizer has, where the embedding has more rows, which GGUF leaves out.
VOCABULARIES = {"gemma-3-vision": 311}

# Tensors by names that transformers does not know: make_recent_families.py gives the embedding the one that the converter looks for.
NAMES = {"ministral3": {"^model.embed_tokens": "model.language_model.embed_tokens"}}


def first_of_equals(values, k, dim=-1, sorted=True):
    """torch.topk, but of equal values the first: topk leaves that open, and mixtral-moe has experts that tie."""
    ordered = values.sort(dim=dim, descending=True, stable=True)
    return ordered.values.narrow(dim, 0, k), ordered.indices.narrow(dim, 0, k)


def lengths(name, config):
    result = LENGTHS.get(name, DEFAULT_LENGTHS)
    assert sum(result) >= POSITIONS and max(result) <= config.max_position_embeddings
    return result


def token_sequences(name, folder, config):
    sizes = lengths(name, config)
    text = folder.resolve().parents[1] / "data" / "evaluation.txt"
    if folder.resolve().parent.name == "models" and (folder / "tokenizer.model").exists():
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        ids = processor.encode(text.read_text()[:100_000])
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return [[1] + ids[start : start + size - 1] for start, size in zip(starts, sizes)]
    generator = numpy.random.default_rng(len(name) * 1000 + config.hidden_size)
    return [generator.integers(3, VOCABULARIES.get(name, config.vocab_size), size).tolist() for size in sizes]


def load(folder):
    arguments = dict(dtype=torch.float32, attn_implementation="eager")
    names = json.loads((folder / "config.json").read_text())["architectures"]
    if names[0].endswith("ForConditionalGeneration"):
        model = getattr(transformers, names[0]).from_pretrained(folder, key_mapping=NAMES.get(folder.name), **arguments)
        return model, model.config.text_config
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, **arguments)
    return model, model.config


def record(folder, output):
    model, config = load(folder)
    model.eval()
    sequences = token_sequences(folder.name, folder, config)
    logits = []
    with torch.no_grad():
        for tokens in sequences:
            logits.append(model(torch.tensor([tokens]), use_cache=False).logits[0].float().numpy())
    logits = numpy.concatenate(logits)[:, : VOCABULARIES.get(folder.name)]
    total = logits.shape[0]
    # The ends of the sequences, which see most, and some places in between.
    ends = [sum(len(s) for s in sequences[: i + 1]) - 1 for i in range(len(sequences))]
    between = [total * i // 7 for i in range(1, RECORDED_POSITIONS)]
    positions = sorted(set((ends + between)[:RECORDED_POSITIONS]))
    step = -(-logits.shape[1] // RECORDED_LOGITS)
    top = numpy.sort(logits, axis=1)
    save_file(
        {
            "tokens": numpy.array([token for tokens in sequences for token in tokens], dtype=numpy.int32),
            "lengths": numpy.array([len(tokens) for tokens in sequences], dtype=numpy.int32),
            "positions": numpy.array(positions, dtype=numpy.int32),
            "step": numpy.array([step], dtype=numpy.int32),
            "logits": numpy.ascontiguousarray(logits[positions][:, ::step], dtype=numpy.float32),
            "top": logits.argmax(axis=1).astype(numpy.int32),
        },
        output / (folder.name + ".safetensors"),
    )
    close = int((top[:, -1] - top[:, -2] < 1e-3).sum())
    print(f"{folder.name}: {total} positions, {close} of them close, largest logit {numpy.abs(logits).max():.3f}")


def main():
    torch.set_num_threads(1)
    torch.topk = first_of_equals
    output = pathlib.Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    for folder in sys.argv[2:]:
        record(pathlib.Path(folder), output)


if __name__ == "__main__":
    main()
