package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.JsonFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Models that bear a supported name but that the converter treats apart: embedding models, whose pooling it writes, and
 * rerankers, of whose output matrix it keeps two rows (conversion/qwen.py).
 */
final class UnsupportedVariants {
    private static final List<String> RERANKERS = List.of("qwen3-reranker", "qwen3-vl-reranker");

    private UnsupportedVariants() {}

    static void refusePooled(Checkpoint checkpoint) throws IOException {
        Optional<JsonNode> modules = JsonFile.read(checkpoint.folder(), "modules.json");
        for (JsonNode module : modules.orElseGet(MissingNode::getInstance)) {
            if (module.path("type").asText().endsWith("Pooling")) {
                throw new InvalidModelException(checkpoint.folder().location() + "/modules.json: embedding models, which"
                        + " pool their outputs, are not supported");
            }
        }
    }

    static void refuseRerankers(Checkpoint checkpoint) throws IOException {
        if (isReranker(checkpoint)) {
            throw new InvalidModelException(checkpoint.folder().location() + ": rerankers are not supported");
        }
    }

    private static boolean isReranker(Checkpoint checkpoint) throws IOException {
        String names = checkpoint.folder().name() + "\n"
                + checkpoint.config().find("_name_or_path").map(JsonNode::asText).orElse("");
        String readme = checkpoint.folder().find("README.md").isPresent()
                ? new String(checkpoint.folder().read("README.md"), StandardCharsets.UTF_8)
                : "";
        return RERANKERS.stream().anyMatch(name -> names.toLowerCase(Locale.ROOT).contains(name)
                || readme.toLowerCase(Locale.ROOT).contains("# " + name));
    }
}
