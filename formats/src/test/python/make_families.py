#!/usr/bin/env python3
"""Makes the tiny random checkpoints of src/test/resources/families and the golden digests beside them.

  make_families.py LLAMA_CPP DIGEST_TOOL OUTPUT SPM_MODEL BPE_TOKENIZER [NAME...]

LLAMA_CPP is a built checkout (convert_hf_to_gguf.py, build/bin/llama-quantize), DIGEST_TOOL is gguf_digest.py, SPM_MODEL a
SentencePiece tokenizer.model and BPE_TOKENIZER a tokenizer.json of Qwen 2; both are cut down to a few hundred tokens.
A cut tokenizer has no known hash, so the converter is told which pre-tokenizer it is; nothing else of it is changed.
Needs torch and transformers. Weights come from fixed seeds; the names of the tensors from the real model classes.
"""
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers as t
from sentencepiece import sentencepiece_model_pb2

TYPES = ["Q4_K_M", "Q6_K", "Q3_K_L"]
OPTIONS = {  # checked for the checkpoints that ask for it
    "Q4_K_M --pure": ["--pure"],
    "Q4_K_M --leave-output-tensor": ["--leave-output-tensor"],
    "Q4_K_M --output-tensor-type q8_0": ["--output-tensor-type", "q8_0"],
    "Q4_K_M --token-embedding-type q8_0": ["--token-embedding-type", "q8_0"],
    "Q3_K_L --tensor-type attn_v=q5_0": ["--tensor-type", "attn_v=q5_0"],
    "Q3_K_L --tensor-type blk\\.0\\.ffn_down=q8_0": ["--tensor-type", "blk\\.0\\.ffn_down=q8_0"],
}
VOCAB = 320
# Rows of 64 do not divide by 256, those of 256 do.
SMALL = dict(hidden_size=64, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
             vocab_size=VOCAB, max_position_embeddings=4096, bos_token_id=1, eos_token_id=2, pad_token_id=None)
WIDE = {**SMALL, "hidden_size": 256, "intermediate_size": 96, "num_hidden_layers": 2}


def spm(folder, source, **config):
    model = sentencepiece_model_pb2.ModelProto()
    model.ParseFromString(Path(source).read_bytes())
    del model.pieces[VOCAB - 8:]  # the rest of the configured vocabulary is padding
    model.normalizer_spec.precompiled_charsmap = b""
    model.trainer_spec.vocab_size = len(model.pieces)
    (folder / "tokenizer.model").write_bytes(model.SerializeToString())
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, **config}, indent=1))


def bpe(folder, source, **config):
    tokenizer = json.loads(Path(source).read_text())
    vocab, kept = tokenizer["model"]["vocab"], {}
    for token in sorted(vocab, key=vocab.get)[:VOCAB - 12]:
        kept[token] = len(kept)
    tokenizer["model"]["vocab"] = kept
    pairs = [m.split(" ") if isinstance(m, str) else m for m in tokenizer["model"]["merges"]]
    tokenizer["model"]["merges"] = [" ".join(p) for p in pairs if all(x in kept for x in (*p, "".join(p)))]
    tokenizer["added_tokens"] = [{**a, "id": len(kept) + i} for i, a in enumerate(tokenizer["added_tokens"][:3])]
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>",
        **config}, indent=1))


def longrope(pairs, original):
    return {"type": "longrope", "long_factor": [1.0 + 0.37 * i for i in range(pairs)],
            "short_factor": [1.0 + 0.013 * i for i in range(pairs)]}


# name: model class, configuration, extra keys of config.json, dtype, tokenizer, wanted extras
FAMILIES = {
    "llama-3.1": (t.LlamaForCausalLM, t.LlamaConfig(**{**SMALL, "num_hidden_layers": 2}, head_dim=64, tie_word_embeddings=True), {
        "rope_theta": 500000.0, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                                 "original_max_position_embeddings": 1024, "rope_type": "llama3"}},
        "bfloat16", spm, {}),
    "llama-bias-sharded": (t.LlamaForCausalLM, t.LlamaConfig(**SMALL, attention_bias=True, mlp_bias=True), {
        "rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 2.5}}, "float16", spm,
        {"shards": "200KB", "options": True}),
    "mistral-f32": (t.MistralForCausalLM, t.MistralConfig(**{**SMALL, "intermediate_size": 160, "num_hidden_layers": 2}, head_dim=32, sliding_window=1024), {
        "rope_theta": 1000000.0}, "float32", spm, {}),
    "mixtral-tied": (t.MixtralForCausalLM, t.MixtralConfig(**{**SMALL, "intermediate_size": 96, "num_hidden_layers": 2}, num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=True), {
        "rope_theta": 1000000.0}, "bfloat16", spm, {}),
    "qwen2.5-yarn": (t.Qwen2ForCausalLM, t.Qwen2Config(**SMALL), {
        "rope_theta": 1000000.0, "use_sliding_window": False, "sliding_window": 131072, "max_window_layers": 3,
        "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 1024}}, "bfloat16", bpe, {}),
    "qwen3": (t.Qwen3ForCausalLM, t.Qwen3Config(**WIDE, head_dim=32, tie_word_embeddings=True), {
        "rope_theta": 1000000, "rope_scaling": None}, "bfloat16", bpe, {}),
    "qwen3-moe": (t.Qwen3MoeForCausalLM, t.Qwen3MoeConfig(**SMALL, head_dim=32, moe_intermediate_size=32, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True), {
        "rope_theta": 1000000.0}, "bfloat16", bpe, {"options": True}),
    "qwen3-moe-fused": (t.Qwen3MoeForCausalLM, t.Qwen3MoeConfig(**{**SMALL, "num_hidden_layers": 2}, head_dim=32, moe_intermediate_size=64, num_experts=3, num_experts_per_tok=1), {
        "rope_theta": 1000000.0}, "float16", bpe, {"fuse_experts": True}),
    "gemma-2-f16": (t.Gemma2ForCausalLM, t.Gemma2Config(**WIDE, head_dim=32, query_pre_attn_scalar=32, sliding_window=512), {
        "rope_theta": 10000.0}, "float16", spm, {"options": True}),
    "gemma-2": (t.Gemma2ForCausalLM, t.Gemma2Config(**SMALL, head_dim=16, query_pre_attn_scalar=16, sliding_window=512), {
        "rope_theta": 10000.0, "final_logit_softcapping": 25.0}, "bfloat16", spm, {}),
    "gemma-3-text": (t.Gemma3ForCausalLM, t.Gemma3TextConfig(**SMALL, head_dim=32, sliding_window=512), {
        "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "sliding_window_pattern": 6}, "bfloat16", spm, {}),
    "gemma-3-vision": (t.Gemma3ForConditionalGeneration, t.Gemma3Config(
        text_config={**SMALL, "head_dim": 32, "sliding_window": 256, "model_type": "gemma3_text"},
        vision_config=dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14, model_type="siglip_vision_model"),
        mm_tokens_per_image=4), {
        "text_config": {"rope_scaling": {"factor": 8.0, "rope_type": "linear"}}}, "bfloat16", bpe, {}),
    "phi-3": (t.Phi3ForCausalLM, t.Phi3Config(**SMALL, sliding_window=2047), {
        "rope_theta": 10000.0, "rope_scaling": None, "original_max_position_embeddings": 4096}, "bfloat16", spm, {}),
    "phi-3-longrope": (t.Phi3ForCausalLM, t.Phi3Config(**{**WIDE, "max_position_embeddings": 131072, "num_key_value_heads": 4}, sliding_window=262144), {
        "rope_theta": 10000.0, "original_max_position_embeddings": 4096, "rope_scaling": longrope(32, 4096)},
        "bfloat16", spm, {}),
    "phi-4": (t.Phi3ForCausalLM, t.Phi3Config(**SMALL, sliding_window=None), {
        "rope_theta": 250000, "rope_scaling": None, "original_max_position_embeddings": 4096}, "bfloat16", bpe,
        {"tokenizer_class": "GPT2Tokenizer"}),
    "phi-4-mini": (t.Phi3ForCausalLM, t.Phi3Config(**{**SMALL, "max_position_embeddings": 131072}, sliding_window=262144, tie_word_embeddings=True), {
        "rope_theta": 10000.0, "original_max_position_embeddings": 4096, "partial_rotary_factor": 0.75,
        "rope_scaling": longrope(6, 4096)}, "bfloat16", bpe, {"tokenizer_class": "GPT2Tokenizer"}),
}


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(model.named_parameters()):
            values = torch.randn(p.shape, generator=generator) * 0.05
            p.copy_(values * 2 + 1 if "norm" in name and p.dim() == 1 else values)


def fuse_experts(folder):
    """The layout of newer exports: gate and up of all experts in one tensor, and down in another."""
    from safetensors.torch import load_file, save_file
    path = folder / "model.safetensors"
    tensors, fused = load_file(path), {}
    for name in sorted(tensors):
        match = re.fullmatch(r"(.*\.mlp\.experts)\.(\d+)\.(gate|up|down)_proj\.weight", name)
        if not match:
            fused[name] = tensors[name]
        elif match[2] == "0" and match[3] != "up":
            count = len([n for n in tensors if re.fullmatch(re.escape(match[1]) + r"\.\d+\.down_proj\.weight", n)])
            each = lambda part: torch.stack([tensors[f"{match[1]}.{i}.{part}_proj.weight"] for i in range(count)])
            if match[3] == "gate":
                fused[match[1] + ".gate_up_proj"] = torch.cat([each("gate"), each("up")], dim=1).contiguous()
            else:
                fused[match[1] + ".down_proj"] = each("down")
    save_file(fused, path, metadata={"format": "pt"})


def make(name, folder, spm_model, bpe_tokenizer):
    model_class, config, keys, dtype, tokenizer, extras = FAMILIES[name]
    model = model_class(config)
    randomize(model, sum(name.encode()))
    model.to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=extras.get("shards", "5GB"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if extras.get("fuse_experts"):
        fuse_experts(folder)
    # config.json as such models have it on the hub: without what newer versions of transformers add.
    written = json.loads((folder / "config.json").read_text())
    for part in (written, written.get("text_config", {})):
        for key in ("rope_parameters", "layer_types", "dtype", "_sliding_window_pattern", "transformers_version"):
            part.pop(key, None)
    written["torch_dtype"] = dtype
    text = keys.pop("text_config", {})
    written.update(keys)
    written.get("text_config", {}).update(text)
    (folder / "config.json").write_text(json.dumps(written, indent=1))
    options = {"tokenizer_class": extras["tokenizer_class"]} if "tokenizer_class" in extras else {}
    tokenizer(folder, spm_model if tokenizer is spm else bpe_tokenizer, **options)
    return extras


CONVERT = """
import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = sys.argv[2:]
import conversion.base as base
base.TextModel.get_vocab_base_pre = lambda self, tokenizer: "qwen2"
import convert_hf_to_gguf; convert_hf_to_gguf.main()
"""


def quantize(llama_cpp, source, target, kind, options=()):
    run = subprocess.run([llama_cpp / "build/bin/llama-quantize", *options, source, target, kind, "2"],
                         capture_output=True, text=True)
    if run.returncode:
        lines = [l for l in (run.stdout + run.stderr).splitlines() if "failed" in l or "error" in l.lower()]
        return {"error": lines[0] if lines else "exit code %d" % run.returncode}
    return None


def main():
    llama_cpp, tool, output, spm_model, bpe_tokenizer = (Path(a).resolve() for a in sys.argv[1:6])
    spec = importlib.util.spec_from_file_location("gguf_digest", tool)
    digest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(digest)
    for name in sys.argv[6:] or FAMILIES:
        folder = output / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        extras = make(name, folder, spm_model, bpe_tokenizer)
        with tempfile.TemporaryDirectory() as work:
            converted, quantized = Path(work) / "converted.gguf", Path(work) / "quantized.gguf"
            subprocess.run([sys.executable, "-c", CONVERT, llama_cpp, folder, "--outtype", "auto", "--outfile", converted],
                           check=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
            golden = {"model": name, "convert_auto": digest.digest(converted), "quantize": {}}
            for kind in TYPES:
                error = quantize(llama_cpp, converted, quantized, kind)
                golden["quantize"][kind] = error or digest.digest(quantized)
            for key, options in (OPTIONS if extras.get("options") else {}).items():
                error = quantize(llama_cpp, converted, quantized, key.split(" ")[0], options)
                golden.setdefault("quantize_options", {})[key] = error or digest.digest(quantized)
        text = json.dumps(golden, separators=(",", ":")).replace('"],["', '"],\n["').replace("],[", "],\n[")
        (output / (name + ".json")).write_text(text + "\n")
        size = sum(f.stat().st_size for f in folder.iterdir())
        print(name, size, "bytes,", {k: len(v.get("tensors", [])) or v for k, v in golden["quantize"].items()}, flush=True)


if __name__ == "__main__":
    main()
