package io.nightshift.formats.architecture;

import java.util.List;

/** Names of source tensors as the converter sees them, and those it drops (conversion/base.py). */
public final class SourceNames {
    /** TextModel.filter_tensors: parts of multimodal models that are not the language model. */
    private static final List<String> DROPPED_PREFIXES = List.of("mlp", "vit.", "vpm.", "siglip2.", "conformer.",
            "merger.", "resampler.", "sound_encoder.", "sound_projection.", "speech_embeddings.");
    private static final List<String> DROPPED_PARTS = List.of("visual.", "vision.", "audio.", "talker.", "vision_",
            "audio_", "token2wav.", "code2wav.", "projector.", "pre_mm_projector_norm", "image_newline",
            "view_seperator", "patch_embed", "patch_merger.", "patch_merge_mlp.", "model.connector.");

    /** ModelBase.prepare_tensors: buffers that are worked out again. */
    private static final List<String> DROPPED_SUFFIXES =
            List.of(".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq");

    private SourceNames() {}

    /** Whether the converter drops it whatever the family. */
    static boolean isDropped(String name) {
        return DROPPED_PREFIXES.stream().anyMatch(name::startsWith)
                || DROPPED_PARTS.stream().anyMatch(name::contains)
                || isBuffer(name);
    }

    /** Whether it is a buffer that models work out for themselves. */
    public static boolean isBuffer(String name) {
        return DROPPED_SUFFIXES.stream().anyMatch(name::endsWith);
    }

    /** Its name without the part that says that it belongs to the language model of a multimodal one. */
    static String canonical(String name) {
        return name.replace("language_model.", "");
    }
}
