#!/usr/bin/env python3
"""Makes the tokenizer test cases: small made-up tokenizers of every kind, and what llama.cpp's converter says of them.

  tokenizer_cases.py LLAMA_CPP_FOLDER RESOURCES/metadata [NAME...]

Needs torch, transformers, gguf, sentencepiece, tokenizers and, for tekken, mistral_common. Each case is a folder with the files of a checkpoint but
its weights; golden.json holds the metadata that the converter's --vocab-only writes, as gguf_digest.py prints it.
A made-up byte-level tokenizer has no known hash: the converter is told the name of its pre-tokenizer, and so is ours.
"""
import base64, hashlib, inspect, io, json, re, shutil, sys, unicodedata
from pathlib import Path

from remote_tokenizers import HUNYUAN_CLASS, KIMI_CLASS

LLAMA_CPP, OUT = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
sys.path[:0] = [str(LLAMA_CPP), str(LLAMA_CPP / "gguf-py")]
import gguf, sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from conversion import ModelBase, TextModel, get_model_architecture, get_model_class

WORDS = "the quick brown fox jumps over the lazy dog while seven wizards make toxic brew for evil queen and jack".split()
TEXT = [" ".join(WORDS[i % 19:] + WORDS[:i % 19]) + " %d." % (i * 7919) for i in range(400)]
SPECIAL = dict(special=True, normalized=False)


def spm(path, size=310, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=model, vocab_size=size, model_type="bpe", byte_fallback=True,
        normalization_rule_name="identity", hard_vocab_limit=False, minloglevel=2, **options)
    path.write_bytes(model.getvalue())


def bpe(words=("he", "ll", "the", "th", "qu"), ignore_merges=False):
    vocab = {c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = []
    for word in words:
        for c in word:
            vocab.setdefault(c, len(vocab))
        for end in range(2, len(word) + 1):
            if word[:end] not in vocab:
                merges.append((word[:end - 1], word[end - 1]))
                vocab[word[:end]] = len(vocab)
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=ignore_merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    return t


def spm_as_json(sp_path, specials=("<unk>", "<s>", "</s>"), more=()):
    sp = sentencepiece.SentencePieceProcessor(model_file=str(sp_path))
    vocab = {sp.IdToPiece(i): i for i in range(sp.vocab_size())}
    merges = [(w[:k], w[k:]) for w in vocab for k in range(1, len(w)) if w[:k] in vocab and w[k:] in vocab and not w.startswith("<")]
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens([AddedToken(s, **SPECIAL) for s in specials])
    t.add_tokens([AddedToken(s, special=False, normalized=False) for s in more])
    return t


def write(folder, **files):
    for name, content in files.items():
        path = folder / (name.replace("__", "/") if name.endswith("_jinja") else name + ".json")
        if name.endswith("_jinja"):
            path = folder / (name[:-6].replace("__", "/") + ".jinja")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content.encode())
        else:
            path.write_text(json.dumps(content, ensure_ascii=False, indent=1))


def config(architecture, model_type, rows, **more):
    return {"architectures": [architecture], "model_type": model_type, "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
            "max_position_embeddings": 512, "rms_norm_eps": 1e-5, "vocab_size": rows, **more}


def decoder(*tokens):
    return {str(i): {"content": c, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": s}
            for i, c, s in tokens}


def llama_spm_added(f):
    spm(f / "tokenizer.model", user_defined_symbols=["<mine>"], control_symbols=["<ctl>"])
    write(f, config=config("LlamaForCausalLM", "llama", 320, bos_token_id=1, eos_token_id=[2, 300], pad_token_id=2),
          added_tokens={"<extra>": 301, "<beyond>": 999, "\u2581\u2581": 302},
          tokenizer_config={"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "add_eos_token": False, "add_prefix_space": False,
                            "bos_token": {"content": "<s>"}, "eos_token": "</s>",
                            "added_tokens_decoder": decoder((0, "<unk>", True), (3, "<ctl>", False), (303, "\u2581two\u2581words", False),
                                                            (304, "<|turn|>", False), (305, "<pad>", False), (5000, "<far>", True)),
                            "chat_template": [{"name": "default", "template": "{{ messages }}"}, {"name": "tool use", "template": "{{ tools }}"}]})


def mistral_spm_bare(f):
    spm(f / "tokenizer.model", size=305)
    write(f, config=config("MistralForCausalLM", "mistral", 290, bos_token_id=1, eos_token_id=2, unk_token_id=9999))


def code_llama(f):
    spm(f / "tokenizer.model")
    t = spm_as_json(f / "tokenizer.model")
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("LlamaForCausalLM", "llama", 32016, bos_token_id=1, eos_token_id=2),
          tokenizer_config={"tokenizer_class": "CodeLlamaTokenizer", "add_bos_token": False, "bos_token": "<s>", "eos_token": "</s>",
                            "unk_token": "<unk>", "eot_token": "\u2581<EOT>"})


def llama_hf(f, cls="LlamaTokenizer", arch=("LlamaForCausalLM", "llama")):
    spm(f / "m")
    t = spm_as_json(f / "m", more=("<tool>", "<extra>", "\u2581\u2581\u2581"))
    (f / "m").unlink()
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config(*arch, 313, bos_token_id=1, eos_token_id=2),
          tokenizer_config={"tokenizer_class": cls, "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"},
          special_tokens_map={"additional_special_tokens": ["<tool>"], "bos_token": {"content": "<s>", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False}})


def mistral_hf(f):
    llama_hf(f, "PreTrainedTokenizerFast", ("MistralForCausalLM", "mistral"))


def llama3(f):
    t = bpe(ignore_merges=True)
    t.add_special_tokens([AddedToken(s, **SPECIAL) for s in ("<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>")])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1", special_tokens=[("<|begin_of_text|>", 263)])])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("LlamaForCausalLM", "llama", 272, bos_token_id=263, eos_token_id=[264, 265]),
          tokenizer_config={"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>",
                            "chat_template": "{{ bos_token }}\u00e9\n"},
          generation_config={"do_sample": True, "temperature": 0.6, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.05, "min_p": None})


def llama_other_end(f):
    t = bpe(ignore_merges=True)
    t.add_special_tokens([AddedToken(s, **SPECIAL) for s in ("<s>", "</s>", "<end>", "<sep>")])
    ids = [(s, t.token_to_id(s)) for s in ("<s>", "<end>", "<sep>", "</s>")]
    t.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.StripAccents()])
    t.post_processor = processors.TemplateProcessing(single="<s> $A <end>", pair="<s> $A <sep> <end> $B <end>", special_tokens=ids)
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("LlamaForCausalLM", "llama", 280, sep_token_id=266),
          tokenizer_config={"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>", "cls_token": "<s>", "chat_template": None})
    write(f, chat_template_jinja="never used")


def granite(f):
    t = bpe()
    t.add_special_tokens([AddedToken("<|endoftext|>", **SPECIAL)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("LlamaForCausalLM", "llama", 49152, bos_token_id=0, eos_token_id=263),
          tokenizer_config={"tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "add_prefix_space": True, "eos_token": "<|endoftext|>"})


def qwen3(f):
    t = bpe()
    t.add_special_tokens([AddedToken(s, **SPECIAL) for s in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    t.add_tokens([AddedToken(s, special=False, normalized=False) for s in ("<tool_call>", "\u00e9", "\u2581sp\u2581", "<|fim|>")])
    t.add_tokens([AddedToken("<norm\u2581>", special=False, normalized=True)])
    t.save(str(f / "tokenizer.json"))
    j = json.loads((f / "tokenizer.json").read_text())
    j["model"]["merges"] = [" ".join(m) for m in j["model"]["merges"]]
    write(f, tokenizer=j, config=config("Qwen3ForCausalLM", "qwen3", 300, bos_token_id=263, eos_token_id=265, tie_word_embeddings=True),
          tokenizer_config={"tokenizer_class": "Qwen2Tokenizer", "add_bos_token": False, "bos_token": None, "eos_token": "<|im_end|>",
                            "pad_token": "<|endoftext|>", "errors": "replace", "additional_special_tokens": ["<|im_start|>", "<tool_call>"]})
    write(f, chat_template_jinja="{% for m in messages %}\r\n{{ m }}\r{% endfor %}\n")


def qwen3_named_specials(f):
    t = bpe(words=("he", "ll", "<s>"))
    t.add_tokens([AddedToken("<stop>", special=False, normalized=False)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("Qwen3ForCausalLM", "qwen3", 290),
          tokenizer_config={"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "<stop>", "image_token": "he",
                            "pad_token": "<new>"})


def qwen3_moe(f):
    t = bpe(words=("he", "ll", "a b"))
    t.add_special_tokens([AddedToken("<|endoftext|>", **SPECIAL)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("Qwen3MoeForCausalLM", "qwen3_moe", 288, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32),
          tokenizer_config={"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|endoftext|>",
                            "added_tokens_decoder": decoder((t.token_to_id("<|endoftext|>"), "<|endoftext|>", True))},
          chat_template={"chat_template": "from json"})


def gemma2(f):
    spm(f / "tokenizer.model", pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        user_defined_symbols=["<mask>", "[@BOS@]", "<unused0>", "<start_of_turn>", "\u2581\u2581"])
    t = spm_as_json(f / "tokenizer.model", ("<pad>", "<eos>", "<bos>", "<unk>"))
    t.post_processor = processors.TemplateProcessing(single="<bos> $A", pair="<bos> $A <bos>:1 $B:1", special_tokens=[("<bos>", 2)])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("Gemma2ForCausalLM", "gemma2", 310, bos_token_id=2, eos_token_id=1, pad_token_id=0, sliding_window=64,
                           attn_logit_softcapping=50.0, final_logit_softcapping=30.0, query_pre_attn_scalar=16),
          tokenizer_config={"tokenizer_class": "GemmaTokenizer", "add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>",
                            "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>",
                            "added_tokens_decoder": decoder((0, "<pad>", True), (1, "<eos>", True), (2, "<bos>", True), (4, "<mask>", False),
                                                            (6, "<unused0>", False), (7, "<start_of_turn>", False), (8, "\u2581\u2581", False))})


def gemma3(f):
    spm(f / "tokenizer.model", pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>")
    write(f, config=config("Gemma3ForCausalLM", "gemma3_text", 304, bos_token_id=2, eos_token_id=[1, 106], pad_token_id=0, sliding_window=64),
          tokenizer_config={"tokenizer_class": "GemmaTokenizer", "bos_token": "<bos>", "eos_token": "<eos>"},
          generation_config={"top_k": 64, "top_p": 0.95, "cache_implementation": "hybrid"})
    write(f, chat_template_jinja="main\n", additional_chat_templates__tool_use_jinja="extra\n")


def gemma3_bpe(f):
    spm(f / "m", pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>")
    t = spm_as_json(f / "m", ("<pad>", "<eos>", "<bos>", "<unk>"), ("<mask>", "\u2581\u2581", "\n\n"))
    (f / "m").unlink()
    t.save(str(f / "tokenizer.json"))
    write(f, config={"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "eos_token_id": [1, 106],
                     "text_config": config("Gemma3ForCausalLM", "gemma3_text", 320, bos_token_id=2, pad_token_id=0, sliding_window=64)},
          tokenizer_config={"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"})


def phi3(f):
    spm(f / "tokenizer.model")
    spm_as_json(f / "tokenizer.model", more=("<|user|>", "\u2581kept")).save(str(f / "tokenizer.json"))
    write(f, config=config("Phi3ForCausalLM", "phi3", 320, bos_token_id=1, eos_token_id=2, pad_token_id=2, original_max_position_embeddings=512,
                           rope_theta=10000.0),
          added_tokens={"<|end|>": 305, "<beyond>": 5000},
          tokenizer_config={"tokenizer_class": "LlamaTokenizer", "add_bos_token": False, "bos_token": "<s>", "eos_token": "<|end|>",
                            "added_tokens_decoder": decoder((0, "<unk>", True), (306, "\u2581as it is", False), (307, "<|plain|>", False))})


def phi4(f):
    t = bpe(ignore_merges=True)
    t.add_special_tokens([AddedToken(s, special=True, normalized=False, lstrip=True, rstrip=True) for s in ("<|endoftext|>", "<|im_end|>", "<|dummy_85|>")])
    t.save(str(f / "tokenizer.json"))
    write(f, config=config("Phi3ForCausalLM", "phi3", 275, bos_token_id=263, eos_token_id=264, pad_token_id=265, original_max_position_embeddings=512,
                           rope_theta=10000.0),
          tokenizer_config={"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "bos_token": "<|endoftext|>", "eos_token": "<|im_end|>",
                            "pad_token": "<|dummy_85|>", "unk_token": "\ufffd"})


TEKKEN_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN_TEXT = TEXT[:40] + ["naïve café für Größe, 日本語の日本 и не на не", "  four    spaces\n\n\t\tand tabs!? ...", "don't DON'T 2026"] * 9
TEKKEN_SPECIALS = ("<unk> <s> </s> [INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] "
                   "[TOOL_CALLS] [IMG] <pad> [IMG_BREAK] [IMG_END] [PREFIX] [MIDDLE] [SUFFIX] [SYSTEM_PROMPT] "
                   "[/SYSTEM_PROMPT] [TOOL_CONTENT]").split()


def trained_tokens(merges):
    """Bytes, and so many tokens merged of them."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(TEKKEN_PATTERN), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trained.train_from_iterator(TEKKEN_TEXT, trainers.BpeTrainer(
        vocab_size=256 + merges, initial_alphabet=alphabet, show_progress=False))
    decode = {c: b for b, c in gguf.vocab.bytes_to_unicode().items()}
    made = json.loads(trained.to_str())["model"]["merges"]
    return [bytes([b]) for b in range(256)] + [bytes(decode[c] for c in left + right) for left, right in made]


def tekken(path, version, merges, beyond=0, count=24, specials=None):
    """A tekken.json: bytes, so many merged tokens, and some behind those that count. Special tokens are listed, or not."""
    tokens = trained_tokens(merges + beyond)
    content = {"config": {"pattern": TEKKEN_PATTERN, "num_vocab_tokens": len(tokens), "default_vocab_size": count + 256 + merges,
                          "default_num_special_tokens": count, "version": version},
               "vocab": [{"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": text(token)}
                         for rank, token in enumerate(tokens)]}
    if specials:
        content["special_tokens"] = [{"rank": i, "token_str": s, "is_control": True} for i, s in enumerate(specials)]
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")


def text(token):
    try:
        return token.decode()
    except UnicodeDecodeError:
        return None


def tekken_v3(f):
    tekken(f / "tekken.json", "v3", 120, beyond=9)
    write(f, config=config("MistralForCausalLM", "mistral", 400, bos_token_id=7, eos_token_id=8, pad_token_id=None))


def tekken_v7(f):
    """What else lies there, and would count without tekken.json, does not."""
    tekken(f / "tekken.json", "v7", 24, count=22, specials=[*TEKKEN_SPECIALS, "é[NEW]"])
    spm(f / "tokenizer.model")
    text_config = config("MistralForCausalLM", "mistral", 302)
    del text_config["architectures"]
    write(f, config={"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3", "text_config": text_config},
          tokenizer_config={"tokenizer_class": "LlamaTokenizer", "add_prefix_space": False, "add_bos_token": False,
                            "eos_token": "[INST]", "chat_template": "{{ messages }}"})
    write(f, chat_template_jinja="never used")


def tekken_v11(f):
    tekken(f / "tekken.json", "v11", 4, count=36, specials=[*TEKKEN_SPECIALS, "[ARGS]", "[CALL_ID]"])
    write(f, config=config("MistralForCausalLM", "mistral", 296))


def tekken_v13(f):
    """No merged token at all."""
    tekken(f / "tekken.json", "v13", 0, count=25, specials=[*TEKKEN_SPECIALS, "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]"])
    write(f, config=config("MistralForCausalLM", "mistral", 281))
    write(f, chat_template_jinja="{{ messages }}")


def tiktoken(path, special):
    """Of tokens that begin with one that only comes later there is no merge, and none of the token whose bytes are special."""
    tokens = trained_tokens(24)
    tokens += [b"zz", b"zzqx", special, "日本語".encode()]
    path.write_bytes(b"".join(b"%s %d\n" % (base64.b64encode(t), i) for i, t in enumerate(tokens)))
    return len(tokens)


def kimi_k2(f):
    base = tiktoken(f / "tiktoken.model", b"[EOS]")
    (f / "tokenization_kimi.py").write_text(KIMI_CLASS)
    write(f, config={**config("DeepseekV3ForCausalLM", "kimi_k2", base + 256, bos_token_id=base, eos_token_id=base + 1,
                              q_lora_rank=16, kv_lora_rank=16, qk_nope_head_dim=16, qk_rope_head_dim=16, v_head_dim=16,
                              num_nextn_predict_layers=0, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1)},
          tokenizer_config={"tokenizer_class": "TikTokenTokenizer", "auto_map": {"AutoTokenizer": [
              "tokenization_kimi.TikTokenTokenizer", None]}, "bos_token": "[BOS]", "eos_token": "[EOS]", "pad_token": "[PAD]",
              "unk_token": "[UNK]", "chat_template": "{{ messages }}", "added_tokens_decoder": decoder(
                  (base, "[BOS]", True), (base + 1, "[EOS]", True), (base + 2, "<|im_end|>", True), (base + 9, "<think>", False),
                  (base + 254, "[UNK]", True), (base + 255, "[PAD]", True))})


def hunyuan_moe(f):
    """What tokenizer_config.json calls the special tokens does not count, and the first of a text is none of config.json."""
    base = tiktoken(f / "hy.tiktoken", b"<|eos|>")
    (f / "tokenization_hy.py").write_text(HUNYUAN_CLASS)
    write(f, config={**config("HunYuanMoEV1ForCausalLM", "hunyuan_v1_moe", base + 210, eos_token_id=base + 3, pad_token_id=base + 4,
                              sep_token_id=base + 5, eod_token_id=base + 10, num_experts=4, moe_topk=[2] * 2, moe_intermediate_size=[64] * 2,
                              num_shared_expert=[1] * 2)},
          tokenizer_config={"tokenizer_class": "HYTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_hy.HYTokenizer", None]},
                            "bos_token": "<|startoftext|>", "eos_token": "<|eos|>", "pad_token": "<|pad|>",
                            "additional_special_tokens": ["<|startoftext|>", "<|extra_0|>"], "chat_template": "{{ messages }}"})
    from tiktoken import Encoding
    from tiktoken.load import load_tiktoken_bpe
    names = ["endoftext", "startoftext", "bos", "eos", "pad"] + ["extra_%d" % i for i in range(205)]
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
               r"|\s+(?!\S)|\s+")
    encoding = Encoding("hunyuan", pat_str=pattern, mergeable_ranks=load_tiktoken_bpe(str(f / "hy.tiktoken")),
                        special_tokens={"<|%s|>" % name: base + i for i, name in enumerate(names)})
    texts = [*TEXT[:4], "zzqx zz qx", "It'S we'LL I'd 3.14159\r\n\n  \t x", "cafe\u0301 \u212b <|eos|><|extra_204|>\u0338 <|extra_205|>",
             "日本語日本 не на 👩\u200d🚀", "  four    spaces\n\n", "".join(chr(33 + i * 7919 % 0xd000) for i in range(400))]
    (f / "texts.json").write_text(json.dumps(
        [[text, encoding.encode(unicodedata.normalize("NFC", text), allowed_special="all")] for text in texts]) + "\n")


CASES = {  # name: (maker, GGUF architecture, pre-tokenizer that both are told)
    "llama-spm-added": (llama_spm_added, None), "mistral-spm-bare": (mistral_spm_bare, None), "code-llama": (code_llama, None),
    "llama-hf": (llama_hf, None), "mistral-hf": (mistral_hf, None), "llama3": (llama3, "llama-bpe"),
    "llama-other-end": (llama_other_end, "llama-bpe"), "granite": (granite, "refact"), "qwen3": (qwen3, "qwen2"),
    "qwen3-named-specials": (qwen3_named_specials, "qwen2"), "qwen3-moe": (qwen3_moe, "qwen2"), "gemma2": (gemma2, None),
    "gemma3": (gemma3, None), "gemma3-bpe": (gemma3_bpe, "gemma4"), "phi3": (phi3, None), "phi4": (phi4, "dbrx"),
    "tekken-v3": (tekken_v3, None), "tekken-v7": (tekken_v7, None), "tekken-v11": (tekken_v11, None), "tekken-v13": (tekken_v13, None),
    "kimi-k2": (kimi_k2, "kimi-k2"), "hunyuan-moe": (hunyuan_moe, "hunyuan")}


def kv(writer):
    types, out = gguf.GGUFValueType, []
    for key, v in writer.kv_data[0].items():
        if v.type == types.ARRAY:
            packed = writer._pack_val(v.value, types.ARRAY, add_vtype=False)
            element = types(int.from_bytes(packed[:4], "little")).name
            out.append([key, "ARRAY[%s]" % element, len(v.value), "sha256:" + hashlib.sha256(packed[12:]).hexdigest()])
        elif key == "tokenizer.chat_template" and len(v.value) > 1000:  # one of llama.cpp's, which is not kept here
            out.append([key, v.type.name, "sha256:" + hashlib.sha256(v.value.encode()).hexdigest()])
        else:
            out.append([key, v.type.name, v.value])
    return out


CHECK_TEXT = eval(re.search(r"chktxt = ('.*')\n", inspect.getsource(TextModel.get_vocab_base_pre)).group(1))


def main():
    for name in sys.argv[3:] or CASES:
        make, pre = CASES[name]
        folder = OUT / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        hparams = ModelBase.load_hparams(folder, False)
        cls = get_model_class(get_model_architecture(hparams, next(iter(ModelBase._model_classes))))
        hashes = []
        if pre:
            def named(self, tokenizer, pre=pre, hashes=hashes):
                if pre == "kimi-k2" and not hasattr(tokenizer, "special_tokens"):
                    raise NotImplementedError("no tokenizer that the converter knows")
                hashes.append(hashlib.sha256(str(tokenizer.encode(CHECK_TEXT)).encode()).hexdigest())
                return pre
            cls.get_vocab_base_pre = named
        model = cls(folder, gguf.LlamaFileType.MOSTLY_F16, folder / "vocab.gguf", dry_run=True)
        model = getattr(model, "impl", model)
        model.prepare_metadata(vocab_only=True)
        architecture = gguf.MODEL_ARCH_NAMES[model.model_arch]
        for code in folder.glob("*.py"):
            code.unlink()
        (folder / "golden.json").write_text(json.dumps(
            {"architecture": architecture, "rows": model.hparams["vocab_size"], "preTokenizer": pre, "hash": next(iter(hashes), None),
             "kv": [k for k in kv(model.gguf_writer) if not k[0].startswith(architecture + ".")]}, indent=1, ensure_ascii=False) + "\n")
        print(name, "done", flush=True)


main()
