package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;

/**
 * The parts of a normalizer that GGUF has keys for (vocab.py, SpecialVocab._parse_normalizer).
 *
 * @param lowercase whether text is put in lower case; null if the tokenizer does not say
 * @param stripAccents whether accents are dropped; null if the tokenizer does not say
 */
record Normalizer(Boolean lowercase, Boolean stripAccents) {
    static Normalizer read(JsonNode normalizer) {
        return new Normalizer(null, null).with(normalizer);
    }

    private Normalizer with(JsonNode normalizer) {
        switch (normalizer.path("type").asText()) {
            case "Lowercase":
                return new Normalizer(true, stripAccents);
            case "StripAccents":
                return new Normalizer(lowercase, true);
            case "BertNormalizer":
                return new Normalizer(
                        flag(normalizer, "lowercase", lowercase), flag(normalizer, "strip_accents", stripAccents));
            case "Sequence":
                Normalizer all = this;
                for (JsonNode each : normalizer.path("normalizers")) {
                    all = all.with(each);
                }
                return all;
            default:
                return this;
        }
    }

    private static Boolean flag(JsonNode normalizer, String name, Boolean otherwise) {
        JsonNode flag = normalizer.path(name);
        if (flag.isMissingNode()) {
            return otherwise;
        }
        return flag.isNull() ? null : Boolean.valueOf(flag.asBoolean());
    }

    void appendTo(GgufMetadata metadata) {
        if (lowercase != null) {
            metadata.put("tokenizer.ggml.normalizer.lowercase", new GgufValue.Bool(lowercase));
        }
        if (stripAccents != null) {
            metadata.put("tokenizer.ggml.normalizer.strip_accents", new GgufValue.Bool(stripAccents));
        }
    }
}
