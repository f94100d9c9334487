package io.nightshift.jobs.batch.manifest;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Lists of targets under one name. */
enum Preset {
    /** One of each format, where most people start. */
    SWEET_SPOT("sweet-spot", true, List.of("gguf:Q4_K_M", "awq", "exl2:4.65")),

    /** What large publishers of GGUF files make of every model without a matrix. */
    GGUF_STATIC("gguf-static", false, gguf("Q2_K Q3_K_S Q3_K_M Q3_K_L IQ3_XS IQ3_S IQ3_M IQ4_XS Q4_K_S Q4_K_M Q5_K_S Q5_K_M"
            + " Q6_K Q8_0")),

    /** Likewise with one. */
    GGUF_IMATRIX("gguf-imatrix", true, gguf("Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_0 Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ4_XS IQ3_M"
            + " IQ3_S IQ3_XS IQ3_XXS IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S"));

    private final String word;
    private final boolean importance;
    private final List<String> targets;

    Preset(String word, boolean importance, List<String> targets) {
        this.word = word;
        this.importance = importance;
        this.targets = targets;
    }

    private static List<String> gguf(String types) {
        return Stream.of(types.split(" ")).map(type -> "gguf:" + type).toList();
    }

    String word() {
        return word;
    }

    /** Whether its GGUF files are made with the importance matrix, where there is one. */
    boolean importance() {
        return importance;
    }

    List<String> targets() {
        return targets;
    }

    static Optional<Preset> of(String word) {
        return Arrays.stream(values()).filter(preset -> preset.word.equals(word)).findFirst();
    }

    static List<String> words() {
        return Arrays.stream(values()).map(Preset::word).toList();
    }
}
