#!/usr/bin/env python3
"""Prints what transformers' configuration classes fill in, for configuration-defaults.json: keys that the converter asks for.

  configuration_defaults.py MODEL_TYPE...

Needs transformers. Layer types and sizes that a class works out of others are not printed: ConfigurationDefaults does so.
"""
import json
import sys

from transformers import AutoConfig

KEYS = """
tie_word_embeddings vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads
head_dim max_position_embeddings rms_norm_eps norm_eps layer_norm_eps norm_epsilon layer_norm_epsilon sliding_window
hidden_act hidden_activation moe_intermediate_size shared_expert_intermediate_size num_experts num_local_experts
n_routed_experts n_shared_experts num_experts_per_tok n_group topk_group norm_topk_prob routed_scaling_factor
first_k_dense_replace scoring_func q_lora_rank kv_lora_rank qk_rope_head_dim qk_nope_head_dim v_head_dim
linear_conv_kernel_dim linear_key_head_dim linear_value_head_dim linear_num_key_heads linear_num_value_heads
full_attention_interval partial_rotary_factor num_kv_shared_layers hidden_size_per_layer_input use_double_wide_mlp
vocab_size_per_layer_input attention_k_eq_v enable_moe_block top_k_experts final_logit_softcapping
attn_logit_softcapping logit_scale logits_scaling attention_multiplier embedding_multiplier residual_multiplier
conv_L_cache block_multiple_of block_ffn_dim_multiplier block_auto_adjust_ff_dim sliding_window_pattern
num_nextn_predict_layers moe_num_experts moe_k moe_num_shared_experts moe_layer_start_index moe_layer_end_index
moe_layer_interval shared_intermediate_size num_dense_layers
mlp_hidden_act mamba_hidden_act ssm_state_size mamba_num_heads mamba_head_dim n_groups conv_kernel
moe_shared_expert_intermediate_size moe_latent_size intermediate_size_mlp interleave_moe_layer_step rope_parameters
""".split()

for model_type in sys.argv[1:]:
    full = AutoConfig.for_model(model_type).to_dict()
    entry = {key: full[key] for key in KEYS if key in full}
    rope = entry.pop("rope_parameters", None)
    if rope and model_type == "olmo3":
        entry["rope_theta"] = rope["full_attention"]["rope_theta"]
        entry["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    elif rope:
        entry["rope_theta"] = rope.get("rope_theta", 10000.0)
        if set(rope) - {"rope_theta", "rope_type", "partial_rotary_factor"}:
            entry["rope_parameters"] = rope
        elif "partial_rotary_factor" in rope:
            entry["partial_rotary_factor"] = rope["partial_rotary_factor"]
    print(json.dumps(model_type) + ": " + json.dumps(entry) + ",")
