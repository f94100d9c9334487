package io.nightshift.jobs.batch.report;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Where models are run, and in which format. */
enum Deployment {
    PORTABLE("Apple, CPU, edge", "llama.cpp, Ollama", "GGUF"),
    SERVING("GPU serving", "vLLM, SGLang", "AWQ"),
    SINGLE("One consumer GPU", "ExLlamaV2", "EXL2");

    /** Memory of usual machines, in GB. */
    static final int[] MEMORIES = {8, 12, 16, 24, 80};

    /** What is left for the weights beside context and buffers: a rule of thumb, said on the page. */
    static final double SHARE_FOR_WEIGHTS = 0.8;

    private final String where;
    private final String by;
    private final String format;

    Deployment(String where, String by, String format) {
        this.where = where;
        this.by = by;
        this.format = format;
    }

    String where() {
        return where;
    }

    String by() {
        return by;
    }

    String format() {
        return format;
    }

    /** The output of its format that is closest to the original and fits. */
    Optional<SizedOutput> best(List<SizedOutput> outputs, int memory) {
        return outputs.stream()
                .filter(output -> output.format().equals(format) && output.bytes() <= memory * 1e9 * SHARE_FOR_WEIGHTS)
                .min(Comparator.comparingDouble(SizedOutput::divergence));
    }
}
