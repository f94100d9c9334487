#!/usr/bin/env python3
"""Fine-tunes a small checkpoint on texts: LoRA on every linear layer of its blocks, merged into the weights. The outcome is what
`nightshift evaluate --base` is tried on. A few minutes on two cores for models of some million weights. Needs torch,
transformers, protobuf, safetensors and sentencepiece; the same seed gives the same fine-tune on the same machine.

    make_finetune.py BASE_FOLDER TEXTS.jsonl OUTPUT_FOLDER [STEPS]
"""
import json
import pathlib
import shutil
import sys

import torch
import transformers

RANK = 8
SCALE = 2.0
LENGTH = 128
BATCH = 4
RATE = 1e-3


class Adapted(torch.nn.Module):
    """A linear layer and a product of two narrow matrices beside it, the second of which begins with zeros."""

    def __init__(self, linear):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = torch.nn.Parameter(torch.randn(RANK, linear.in_features) / linear.in_features**0.5)
        self.up = torch.nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, x):
        return self.linear(x) + SCALE * (x @ self.down.T) @ self.up.T

    def merged(self):
        with torch.no_grad():
            self.linear.weight += SCALE * self.up @ self.down
        return self.linear


def linears(model):
    """(parent, attribute, layer) of each linear layer, or adapted one, of the blocks."""
    found = []
    for block in model.model.layers:
        for module in block.modules():
            for name, child in module.named_children():
                if isinstance(child, (torch.nn.Linear, Adapted)) and not isinstance(module, Adapted):
                    found.append((module, name, child))
    return found


base, texts, output = map(pathlib.Path, sys.argv[1:4])
steps = int(sys.argv[4]) if len(sys.argv) > 4 else 300
torch.manual_seed(1)
model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
tokenizer = transformers.AutoTokenizer.from_pretrained(base)
tokens = []
for line in texts.read_text(encoding="utf-8").splitlines():
    tokens += [tokenizer.bos_token_id] + tokenizer.encode(json.loads(line)["text"], add_special_tokens=False)
tokens = torch.tensor(tokens)

model.requires_grad_(False)
for parent, name, layer in linears(model):
    setattr(parent, name, Adapted(layer))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE, weight_decay=0)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
for step in range(steps):
    starts = torch.randint(0, len(tokens) - LENGTH, (BATCH,))
    batch = torch.stack([tokens[start : start + LENGTH] for start in starts])
    loss = model(input_ids=batch, labels=batch).loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    if step % 50 == 0 or step == steps - 1:
        print(f"step {step}: loss {loss.item():.3f}", flush=True)

for parent, name, layer in linears(model):
    setattr(parent, name, layer.merged())
model.to(torch.bfloat16).save_pretrained(output)
for file in base.glob("tokenizer*"):
    shutil.copy(file, output / file.name)
