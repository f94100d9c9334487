package io.nightshift.formats.modelcard;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;

/** The keys {@code general.sampling.*}: what {@code generation_config.json} recommends. */
record Sampling(JsonNode generation, GgufMetadata metadata, String file) {
    void append() {
        JsonNode sequence = generation.path("sequence");
        if (sequence.isTextual() && !sequence.textValue().isEmpty()) {
            metadata.put("general.sampling.sequence", new GgufValue.Text(sequence.textValue()));
        }
        integer("top_k", "top_k");
        number("top_p", "top_p");
        number("min_p", "min_p");
        number("xtc_probability", "xtc_probability");
        number("xtc_threshold", "xtc_threshold");
        number("temp", "temperature");
        integer("penalty_last_n", "penalty_last_n");
        number("penalty_repeat", generation.has("penalty_repeat") ? "penalty_repeat" : "repetition_penalty");
        integer("mirostat", "mirostat");
        number("mirostat_tau", "mirostat_tau");
        number("mirostat_eta", "mirostat_eta");
    }

    private void integer(String key, String field) {
        JsonNode value = generation.path(field);
        if (present(value)) {
            if (!value.canConvertToInt() || !value.isIntegralNumber()) {
                throw unusable(field, "a whole number", value);
            }
            metadata.put("general.sampling." + key, new GgufValue.Int32(value.intValue()));
        }
    }

    private void number(String key, String field) {
        JsonNode value = generation.path(field);
        if (present(value)) {
            if (!value.isNumber()) {
                throw unusable(field, "a number", value);
            }
            metadata.put("general.sampling." + key, new GgufValue.Float32((float) value.doubleValue()));
        }
    }

    private static boolean present(JsonNode value) {
        return !value.isMissingNode() && !value.isNull();
    }

    private InvalidModelException unusable(String field, String wanted, JsonNode value) {
        return new InvalidModelException(
                file + ": " + field + " is " + value + ", not " + wanted + "; correct or remove it");
    }
}
