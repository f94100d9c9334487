package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Arrays;
import java.util.List;

/** Values of a configuration that name a variant of a family which its table is not right for. */
final class Variants {
    private Variants() {}

    /** Refuses a value that is none of those known; a missing or null one is fine. */
    static void refuseOthers(ModelConfig config, String key, Object... known) {
        config.find(key).ifPresent(value -> requireKnown(config, key, value, known));
    }

    /** Refuses a list with an element that is none of those known. */
    static void refuseOtherElements(ModelConfig config, String key, Object... known) {
        config.find(key).ifPresent(list -> list.forEach(value -> requireKnown(config, key, value, known)));
    }

    private static void requireKnown(ModelConfig config, String key, JsonNode value, Object... known) {
        List<String> values = Arrays.stream(known).map(String::valueOf).toList();
        if (!values.contains(value.asText())) {
            throw new InvalidModelException(config.location() + ": \"" + key + "\" is " + value
                    + ", which is not known for " + config.architecture() + "; known "
                    + (values.size() == 1 ? "is " : "are ") + String.join(", ", values));
        }
    }
}
