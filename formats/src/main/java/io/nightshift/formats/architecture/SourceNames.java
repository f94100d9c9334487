package io.nightshift.formats.architecture;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    private static final String CORRECTION = "e_score_correction_bias";
    private static final Pattern LAYER = Pattern.compile("^model\\.layers\\.(\\d{1,9})\\.");

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

    /** The layer that a source tensor belongs to, by its name in the checkpoint. */
    public static OptionalInt layerOfSource(String name) {
        return layer(canonical(name));
    }

    /** The layer that a name of the table says. */
    static OptionalInt layer(String name) {
        Matcher matcher = LAYER.matcher(name);
        return matcher.find() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }

    /** Its name without the part that says that it belongs to the language model of a multimodal one. */
    static String canonical(String name) {
        String plain = name.replace("language_model.", "");
        return plain.endsWith(CORRECTION) ? plain.replace(CORRECTION, "e_score_correction.bias") : plain;
    }
}
