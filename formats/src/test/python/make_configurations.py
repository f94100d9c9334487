#!/usr/bin/env python3
"""Writes the golden hyperparameters of src/test/resources/configurations: what the converter makes of config.json alone.

  make_configurations.py LLAMA_CPP OUTPUT

Each output file holds a configuration and, as a GGUF would hold them, the keys that the converter sets from it and the
bits of the rope factors that it works out. The configurations are those of well-known models, shortened to what matters,
and some that are less well behaved.
"""
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import conversion  # noqa: E402
from conversion.base import ModelBase, ModelType, get_model_architecture  # noqa: E402
import gguf  # noqa: E402
import torch  # noqa: E402

LLAMA3 = {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}


def cfg(arch, model_type, **keys):
    return {"architectures": [arch], "model_type": model_type, **keys}


def sizes(hidden, ff, layers, heads, kv, vocab, context, eps, theta, **keys):
    return dict(hidden_size=hidden, intermediate_size=ff, num_hidden_layers=layers, num_attention_heads=heads,
                num_key_value_heads=kv, vocab_size=vocab, max_position_embeddings=context, rms_norm_eps=eps,
                rope_theta=theta, **keys)


def llama(**keys):
    return cfg("LlamaForCausalLM", "llama", **keys)


def qwen2(**keys):
    return cfg("Qwen2ForCausalLM", "qwen2", **keys)


def gemma3(**keys):
    return cfg("Gemma3ForConditionalGeneration", "gemma3", **keys)


def phi(**keys):
    return cfg("Phi3ForCausalLM", "phi3", **keys)


FACTORS_48 = [round(1 + 0.0371 * i * i, 6) for i in range(48)]
CONFIGURATIONS = {
    "llama-1-7b": llama(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32, vocab_size=32000, rms_norm_eps=1e-06, max_sequence_length=2048),
    "llama-2-70b": llama(**sizes(8192, 28672, 80, 64, 8, 32000, 4096, 1e-05, 10000.0, rope_scaling=None)),
    "llama-3-8b": llama(**sizes(4096, 14336, 32, 32, 8, 128256, 8192, 1e-05, 500000.0, rope_scaling=None)),
    "llama-3.1-8b": llama(**sizes(4096, 14336, 32, 32, 8, 128256, 131072, 1e-05, 500000.0, rope_scaling=LLAMA3)),
    "llama-3.2-1b": llama(**sizes(2048, 8192, 16, 32, 8, 128256, 131072, 1e-05, 500000.0, head_dim=64, tie_word_embeddings=True, rope_scaling={**LLAMA3, "factor": 32.0})),
    "llama-new-layout": llama(**{k: v for k, v in sizes(2048, 8192, 16, 32, 8, 128256, 131072, 1e-05, 0).items() if k != "rope_theta"}, head_dim=64, rope_parameters={**LLAMA3, "rope_theta": 500000.0}),
    "llama3-without-original-context": llama(**sizes(1024, 2048, 4, 8, 4, 1000, 65536, 1e-05, 123456.0, rope_scaling={"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "rope_type": "llama3"})),
    "llama-linear": llama(**sizes(4096, 11008, 32, 32, 32, 32000, 16384, 1e-05, 10000.0, rope_scaling={"type": "linear", "factor": 4.0})),
    "llama-dynamic": llama(**sizes(4096, 11008, 32, 32, 32, 32000, 16384, 1e-05, 10000.0, rope_scaling={"type": "dynamic", "factor": 4.0})),
    "llama-yarn": llama(**sizes(4096, 11008, 32, 32, 32, 32000, 65536, 1e-05, 10000, rope_scaling={"type": "yarn", "factor": 16.0, "original_max_position_embeddings": 4096, "attention_factor": 1.2, "beta_fast": 32, "beta_slow": 1.0, "extrapolation_factor": 1.0, "finetuned": True})),
    "llama-yarn-top-level-context": llama(**sizes(4096, 11008, 32, 32, 32, 32000, 65536, 1e-05, 10000, rope_scaling={"rope_type": "yarn", "factor": 2.5, "attn_factor": 0.5}, original_max_position_embeddings=2048)),
    "llama-no-model-type": {"architectures": ["LlamaForCausalLM"], **sizes(512, 1024, 2, 8, 4, 1000, 2048, 1e-05, 10000.0)},
    "llama-unknown-model-type": cfg("LlamaForCausalLM", "my_llama", **sizes(512, 1024, 2, 8, 4, 1000, 2048, 1e-05, 10000.0, rope_scaling={"type": "linear", "factor": 2})),
    "llama-heads-apart": llama(**sizes(512, 1024, 2, 8, 4, 1000, 2048, 1e-05, 10000.0, head_dim=96)),
    "llama-nulls": llama(**sizes(512, 1024, 2, 8, None, 1000, 2048, 1e-05, 10000.0, head_dim=None)),
    "llama-noncausal": llama(**sizes(512, 1024, 2, 8, 4, 1000, 2048, 1e-05, 10000.0, is_causal=False)),
    "mistral-7b-v0.1": cfg("MistralForCausalLM", "mistral", **sizes(4096, 14336, 32, 32, 8, 32000, 32768, 1e-05, 10000.0, sliding_window=4096)),
    "mistral-nemo": cfg("MistralForCausalLM", "mistral", **sizes(5120, 14336, 40, 32, 8, 131072, 1024000, 1e-05, 1000000.0, head_dim=128, sliding_window=None)),
    "mixtral-8x7b": cfg("MixtralForCausalLM", "mixtral", **sizes(4096, 14336, 32, 32, 8, 32000, 32768, 1e-05, 1000000.0, num_local_experts=8, num_experts_per_tok=2, sliding_window=None)),
    "mixtral-defaults": cfg("MixtralForCausalLM", "mixtral", hidden_size=64, num_hidden_layers=2),
    "qwen2-0.5b": qwen2(**sizes(896, 4864, 24, 14, 2, 151936, 131072, 1e-06, 1000000.0, tie_word_embeddings=True, use_sliding_window=False, sliding_window=131072, max_window_layers=24)),
    "qwen2.5-7b-yarn": qwen2(**sizes(3584, 18944, 28, 28, 4, 152064, 32768, 1e-06, 1000000.0, rope_scaling={"factor": 4.0, "original_max_position_embeddings": 32768, "type": "yarn"})),
    "qwen2-defaults": qwen2(hidden_size=64, num_hidden_layers=2),
    "qwen3-8b": cfg("Qwen3ForCausalLM", "qwen3", **sizes(4096, 12288, 36, 32, 8, 151936, 40960, 1e-06, 1000000, head_dim=128, rope_scaling=None)),
    "qwen3-defaults": cfg("Qwen3ForCausalLM", "qwen3", hidden_size=64, num_hidden_layers=2),
    "qwen3-30b-a3b": cfg("Qwen3MoeForCausalLM", "qwen3_moe", **sizes(2048, 6144, 48, 32, 4, 151936, 40960, 1e-06, 1000000.0, head_dim=128, num_experts=128, num_experts_per_tok=8, moe_intermediate_size=768, norm_topk_prob=True)),
    "qwen3-moe-defaults": cfg("Qwen3MoeForCausalLM", "qwen3_moe", hidden_size=64, num_hidden_layers=2),
    "gemma-2-9b": cfg("Gemma2ForCausalLM", "gemma2", **sizes(3584, 14336, 42, 16, 8, 256000, 8192, 1e-06, 10000.0, head_dim=256, attn_logit_softcapping=50.0, final_logit_softcapping=30.0, sliding_window=4096, query_pre_attn_scalar=256)),
    "gemma-2-defaults": cfg("Gemma2ForCausalLM", "gemma2", num_hidden_layers=3),
    "gemma-3-1b": cfg("Gemma3ForCausalLM", "gemma3_text", **sizes(1152, 6912, 26, 4, 1, 262144, 32768, 1e-06, 1000000, head_dim=256, rope_local_base_freq=10000, rope_scaling=None, sliding_window=512, sliding_window_pattern=6)),
    "gemma-3-4b": gemma3(text_config={"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}, vision_config={"model_type": "siglip_vision_model", "hidden_size": 1152}),
    "gemma-3-27b": gemma3(text_config={"head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504, "model_type": "gemma3_text", "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16, "query_pre_attn_scalar": 168, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}),
    "gemma-3-pattern-1": cfg("Gemma3ForCausalLM", "gemma3_text", **sizes(64, 96, 2, 4, 1, 300, 2048, 1e-06, 50000.5, head_dim=16, rope_local_base_freq=7000, sliding_window=512, sliding_window_pattern=1, final_logit_softcapping=20.0)),
    "gemma-3-new-layout": cfg("Gemma3ForCausalLM", "gemma3_text", hidden_size=64, num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"], rope_parameters={"full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 500000.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 20000.0}}),
    "gemma-3-bidirectional": cfg("Gemma3ForCausalLM", "gemma3_text", hidden_size=64, num_hidden_layers=2, sliding_window=513, use_bidirectional_attention=True),
    "phi-3-mini-4k": phi(**sizes(3072, 8192, 32, 32, 32, 32064, 4096, 1e-05, 10000.0, original_max_position_embeddings=4096, rope_scaling=None, sliding_window=2047)),
    "phi-3-mini-128k": phi(**sizes(3072, 8192, 32, 32, 32, 32064, 131072, 1e-05, 10000.0, original_max_position_embeddings=4096, rope_scaling={"long_factor": FACTORS_48, "short_factor": FACTORS_48[::-1], "type": "longrope"}, sliding_window=262144)),
    "phi-3-su": phi(**sizes(3072, 8192, 32, 32, 32, 32064, 131072, 1e-05, 10000.0, original_max_position_embeddings=4096, rope_scaling={"long_factor": FACTORS_48, "short_factor": FACTORS_48[::-1], "type": "su"}, sliding_window=262144)),
    "phi-3-short": phi(**sizes(3072, 8192, 32, 32, 32, 32064, 4096, 1e-05, 10000.0, original_max_position_embeddings=4096, rope_scaling={"long_factor": FACTORS_48, "short_factor": FACTORS_48[::-1], "type": "longrope"})),
    "phi-4": phi(**sizes(5120, 17920, 40, 40, 10, 100352, 16384, 1e-05, 250000, original_max_position_embeddings=16384, rope_scaling=None, sliding_window=None)),
    "phi-4-mini": phi(**sizes(3072, 8192, 32, 24, 8, 200064, 131072, 1e-05, 10000.0, original_max_position_embeddings=4096, partial_rotary_factor=0.75, tie_word_embeddings=True, rope_scaling={"long_factor": FACTORS_48, "short_factor": [1.0] * 48, "type": "longrope"}, sliding_window=262144)),
    "phi-3-new-layout": phi(**{k: v for k, v in sizes(3072, 8192, 32, 24, 8, 200064, 131072, 1e-05, 0).items() if k != "rope_theta"}, original_max_position_embeddings=4096, rope_parameters={"rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_type": "longrope", "long_factor": FACTORS_48, "short_factor": [1.0] * 48, "original_max_position_embeddings": 4096}),
    "phi-3-defaults": phi(hidden_size=64, num_attention_heads=4, num_hidden_layers=2),
}


def golden(config):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config))
        hparams = ModelBase.load_hparams(Path(folder), False)
        model_class = conversion.get_model_class(get_model_architecture(hparams, ModelType.TEXT))
        model = model_class(Path(folder), gguf.LlamaFileType.MOSTLY_F16, Path(folder) / "out.gguf", hparams=hparams)
        extra = {name: tensor.view(torch.int32).tolist() for name, tensor in model.generate_extra_tensors()}
        model.set_gguf_parameters()
    kv = [[key, value.type.name, value.value.item() if hasattr(value.value, "item") else value.value]
          for key, value in model.gguf_writer.kv_data[0].items() if key != "general.architecture"]
    return {"config": config, "kv": kv, "computed": extra}


def main():
    ModelBase.index_tensors = lambda self, remote_hf_model_id=None: {}
    output = Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    for name, config in CONFIGURATIONS.items():
        try:
            result = golden(config)
        except Exception as e:
            print(name, "fails:", repr(e))
            continue
        (output / (name + ".json")).write_text(json.dumps(result).replace('], ["', '],\n["') + "\n")


if __name__ == "__main__":
    main()
