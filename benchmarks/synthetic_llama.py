#!/usr/bin/env python3
"""Writes a Llama checkpoint with random BF16 weights, for measurements of time: synthetic_llama.py FOLDER --hidden 2048 ...

The tokenizer is that of samples/tiny-llama, so the vocabulary is small. Needs Python's standard library alone.
"""

import argparse
import json
import pathlib
import random
import shutil
import struct

SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "samples" / "tiny-llama"
NORMALS = 1 << 20


def bf16(values):
    """The upper halves of 32-bit floats, as they are: cut, not rounded."""
    floats = struct.pack(f"<{len(values)}f", *values)
    upper = bytearray(2 * len(values))
    upper[0::2] = floats[2::4]
    upper[1::2] = floats[3::4]
    return bytes(upper)


def tensors(args):
    head = args.hidden // args.heads
    keys = args.key_heads * head
    yield "model.embed_tokens", (args.vocabulary, args.hidden)
    for layer in range(args.layers):
        block = f"model.layers.{layer}."
        yield block + "input_layernorm", (args.hidden,)
        yield block + "post_attention_layernorm", (args.hidden,)
        yield block + "self_attn.q_proj", (args.hidden, args.hidden)
        yield block + "self_attn.k_proj", (keys, args.hidden)
        yield block + "self_attn.v_proj", (keys, args.hidden)
        yield block + "self_attn.o_proj", (args.hidden, args.hidden)
        yield block + "mlp.gate_proj", (args.feed_forward, args.hidden)
        yield block + "mlp.up_proj", (args.feed_forward, args.hidden)
        yield block + "mlp.down_proj", (args.hidden, args.feed_forward)
    yield "model.norm", (args.hidden,)
    yield "lm_head", (args.vocabulary, args.hidden)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--feed-forward", type=int, default=5632)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--key-heads", type=int, default=4)
    args = parser.parse_args()

    config = json.loads((SAMPLE / "config.json").read_text())
    args.vocabulary = config["vocab_size"]
    config.update(hidden_size=args.hidden, intermediate_size=args.feed_forward, num_hidden_layers=args.layers,
                  num_attention_heads=args.heads, num_key_value_heads=args.key_heads, head_dim=args.hidden // args.heads)
    args.folder.mkdir(parents=True)
    for name in ("generation_config.json", "tokenizer.model", "tokenizer_config.json"):
        shutil.copyfile(SAMPLE / name, args.folder / name)
    (args.folder / "config.json").write_text(json.dumps(config, indent=2))

    header, end = {}, 0
    for name, shape in tensors(args):
        size = 2
        for length in shape:
            size *= length
        header[name + ".weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)

    random.seed(1)
    normals = bf16([random.gauss(0, 0.02) for _ in range(NORMALS)])
    ones = bf16([1.0])
    with open(args.folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name, shape in tensors(args):
            if len(shape) == 1:
                out.write(ones * shape[0])
                continue
            # Every row begins elsewhere among the same numbers.
            for _ in range(shape[0]):
                start = 2 * random.randrange(NORMALS - shape[1])
                out.write(normals[start : start + 2 * shape[1]])


if __name__ == "__main__":
    main()
