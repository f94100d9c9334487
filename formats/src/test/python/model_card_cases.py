#!/usr/bin/env python3
"""Makes the model card test cases: cards, configurations and folder names, and what gguf-py makes of them.

  model_card_cases.py LLAMA_CPP_FOLDER RESOURCES/metadata

Needs gguf's requirements only.
"""
import json, sys, tempfile
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[1]) / "gguf-py"))
import gguf
from gguf.metadata import Metadata

OUT = Path(sys.argv[2])

NAMES = """Meta-Llama-3-8B-Instruct|meta-llama/Llama-2-7b-chat-hf|Mixtral-8x7B-Instruct-v0.1|mistralai/Mixtral-8x22B-v0.1|Qwen2.5-0.5B
Qwen/Qwen3-30B-A3B-Instruct-2507|Qwen1.5-MoE-A2.7B|google/gemma-2-9b-it|gemma-3-270m|Phi-3-mini-4k-instruct|Phi-3-medium-128k-instruct
microsoft/phi-4|bloom-7b1-petals|Hermes-2-Pro-Llama-3-8B-F16|DeepSeek-R1-Distill-Qwen-1.5B|TinyLlama-1.1B-Chat-v1.0|SmolLM2-135M-Instruct
stablelm-2-zephyr-1_6b|xl|model-xxl|gpt2-large|gpt2|falcon-40b-instruct|a sentence with spaces|./local|../up|org/name/with/slashes|-lead--double-
llama_v3|v1.2.3|3-4-5|Yi-34B-200K-RPMerge|Nous-Capybara-34B-GGUF|codellama/CodeLlama-34b-Python-hf|Qwen2.5-Coder-32B-Instruct-Q4_K_M
Mistral-7B-v0.1-iter3|open_llama_3b|Orca-2-13b|vision-model-7B|model-7B-vision-lora-x|GPT-J-6B|starcoder2-15b-v0.1|big-small-7B-large
\u00c9toile-\u00e9t\u00e9-7B|llama-3-8b-8b-16b|a-1B|a-1000K|a-999M|a-0.1B|a-64k|a-1T|x-bf16-7B|IQ2-fp32|mini|tiny-mini-chat|CHAT-Chat-INSTRUCT
it's-o'neil-2b|abc.def-1.5b|llama-spm|qwen2-bpe|sample-llama|\u0130stanbul-7b|7B-7B|Llama-7B-7B-GGUF|gemma-2b-10_5B|8x7B|x-8x7b|q8_0-model|b-1k2""".replace("\n", "|").split("|")
PARAMETERS = [0, 5_000_000, 1_100_000_000, 7_240_000_000, 46_700_000_000]

CARDS = {
    "everything": """---
license: other
license_name: my-licence
license_link: https://example.org/licence
language:
- en
- no
- pt
tags:
- text-generation
- llama
pipeline_tag: text-generation
library_name: transformers
base_model:
- meta-llama/Meta-Llama-3-8B
- https://huggingface.co/mistralai/Mistral-7B-v0.1
- https://example.org/some/model
- name: A Model
  author: Someone
  version: "2"
  organization: Some Org
  description: described
  url: https://a.example
  doi: 10.1/x
  uuid: 0-1
  repo_url: https://b.example
  other: left out
datasets:
- HuggingFaceH4/ultrachat_200k
- wikitext
- https://huggingface.co/datasets/org/name
- https://huggingface.co/org/set-v1.2
model_name: The Name
model_creator: The Creator
model_type: llama
---
# Title
license: mit
""",
    "single-values": "---\nlicense: apache-2.0\nlanguage: en\ntags: one\nbase_model: Qwen/Qwen2.5-0.5B\ndatasets: squad\n---\n",
    "lists-of-licences": "---\nlicense:\n  - mit\n  - apache-2.0\nlanguages: [de, fr]\nlanguage: [en]\n---\ntext\n",
    "own-keys": """---
name: n
author: a
version: "1.0"
organization: o
description: |
  two
  lines
finetune: f
basename: b
size_label: 3B
url: https://u
doi: d
uuid: 00
repo_url: https://r
---
""",
    "model-keys": """---
model_name: mn
model_author: ma
model_version: v9
model_organization: mo
model_description: md
model_finetune: mf
model_basename: mb
model_size_label: 9T
model_url: mu
model_doi: mdoi
model_uuid: muu
model_repo_url: mr
model_creator: mc
---
""",
    "nothing-but-keys": "---\nlicense:\nbase_model:\ndatasets:\ntags:\nlanguage:\nname: ''\n---\n",
    "empty-lists": "---\nbase_model: []\ntags: []\nlicense: false\n---\n",
    "other-names-of-lists": "---\nbase_models: [a/b-7B]\ndataset: x/y\nlicense_name: null\n---\n",
    "sources": "---\nbase_model_sources: ssh://git@host/x\ndataset_sources: [http://huggingface.co/x/y-v3]\n---\n",
    "tabs-and-carriage-returns": "---\r\nlicense: mit\r\ntags:\r\n-\ta\r\n- b\r\n---\r\nbody",
    "no-front-matter": "# Title\n---\nlicense: mit\n---\n",
    "not-closed": "---\nlicense: mit\n",
    "byte-order-mark": "\ufeff---\nlicense: mit\n---\n",
    "empty": "",
    "flow-and-anchors": "---\n{license: mit, tags: &t [x, y], language: *t}\n---\n",
    "quoted-and-unicode": "---\nlicense: \"m\\u00eft\"\ntags: ['it''s', \"\u65e5\u672c\"]\n# comment\ndescription: >-\n  folded\n  text\n---\n",
    "unknown-forms": "---\nbase_model: [[x], a/b]\ntags: {a: b}\ndatasets: 3\n---\n",
}

FOLDERS = [  # folder name, files beside README.md, card, total, shared, per expert, experts
    ("Tiny-Llama-1B-Chat-v1.0", {}, "everything", (1_100_000_000, 1_100_000_000, 0, 0)),
    ("x", {}, "single-values", (1_234_567, 1_234_567, 0, 0)),
    ("x", {"config.json": {"_name_or_path": "meta-llama/Llama-2-7b-chat-hf"}}, "lists-of-licences", (6_738_415_616, 6_738_415_616, 0, 0)),
    ("x", {"config.json": {"_name_or_path": "/home/me/models/Llama-2-7b"}}, "own-keys", (1, 1, 0, 0)),
    ("x", {}, "model-keys", (999, 999, 0, 0)),
    ("mix", {}, "nothing-but-keys", (46_702_792_704, 1_605_646_336, 5_637_144_576, 8)),
    ("mix", {}, "empty-lists", (10_500, 500, 1000, 10)),
    ("a-7B", {}, "other-names-of-lists", (94_500, 94_500, 0, 0)),
    ("a-7B", {}, "sources", (7_000_000_000, 7_000_000_000, 0, 0)),
    ("a", {"config.json": {"_name_or_path": ""}}, "tabs-and-carriage-returns", (99_949, 0, 0, 0)),
    ("a", {"config.json": {"_name_or_path": "./here"}}, "no-front-matter", (9_950_000, 0, 0, 0)),
    ("a", {}, "not-closed", (1_000_000, 0, 0, 0)),
    ("a", {}, "byte-order-mark", (1_000_001, 0, 0, 0)),
    ("a b", {}, "empty", (2_500_000_000_000, 0, 0, 0)),
    ("a", {}, "flow-and-anchors", (450, 0, 0, 0)),
    ("a", {}, "quoted-and-unicode", (400, 0, 0, 0)),
    ("a", {}, "unknown-forms", (25_000, 0, 0, 0)),
    ("gen", {"generation_config.json": {"sequence": "k;p", "top_k": 20, "top_p": 0.8, "min_p": 0, "xtc_probability": 0.1, "xtc_threshold": 0.2,
                                        "temperature": 1, "penalty_last_n": 64, "penalty_repeat": 1.1, "repetition_penalty": 2.0,
                                        "mirostat": 2, "mirostat_tau": 5.0, "mirostat_eta": 0.1}}, None, (1000, 0, 0, 0)),
    ("gen", {"generation_config.json": {"repetition_penalty": 1.05, "top_k": None, "temperature": 0.7}}, None, (0, 0, 0, 0)),
]


def kv(writer):
    out = []
    for key, v in writer.kv_data[0].items():
        if v.type == gguf.GGUFValueType.ARRAY:
            out.append([key, "ARRAY", v.value])
        else:
            out.append([key, v.type.name, v.value])
    return [k for k in out if k[0] != "general.architecture"]


def convert(name, files, total, shared, expert, count):
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content.encode())
        metadata = Metadata.load(None, folder, None, total)
        if metadata.size_label is None and total > 0:
            metadata.size_label = gguf.size_label(total, shared, expert, count)
        writer = gguf.GGUFWriter(None, "llama", dry_run=True)
        writer.add_type(gguf.GGUFType.MODEL)
        metadata.set_gguf_meta_model(writer)
        return kv(writer)


cases = []
for name, extra, card, counts in FOLDERS:
    files = {k: json.dumps(v) for k, v in extra.items()}
    if card is not None:
        files["README.md"] = CARDS[card]
    cases.append({"name": name, "files": files, "parameters": counts, "kv": convert(name, files, *counts)})
(OUT / "model-cards.json").write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
rows = [[n, p, *Metadata.get_model_id_components(n, p), Metadata.id_to_title(n)] for n in NAMES for p in PARAMETERS]
(OUT / "model-names.json").write_text("[\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in rows) + "\n]\n")
