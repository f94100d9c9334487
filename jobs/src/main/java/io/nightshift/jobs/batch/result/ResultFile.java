package io.nightshift.jobs.batch.result;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The result of a night as JSON, for whatever started it: spark-submit hands nothing back. It is written last, so that
 * one with this run's id says that everything else is there. Its schema is {@code docs/batch-result.schema.json}.
 */
public final class ResultFile {
    /** At the top of the output: the last night's. */
    private static final String NAME = "result.json";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int VERSION = 1;

    private ResultFile() {}

    /** Where a run's own copy is. */
    private static String nameOf(String run) {
        return "runs/" + run + "/" + NAME;
    }

    /** Writes the result, under the run's id first and at the top last. */
    public static void write(NightResult result, NightFiles files) throws IOException {
        byte[] content = text(result).getBytes(StandardCharsets.UTF_8);
        files.write(nameOf(result.run()), content);
        files.write(NAME, content);
    }

    static String text(NightResult result) {
        return json(result).toPrettyString() + "\n";
    }

    /** The result as its schema has it. */
    public static JsonNode json(NightResult result) {
        ObjectNode json = JSON.createObjectNode();
        json.put("version", VERSION)
                .put("run", result.run())
                .put("status", word(result.status()))
                .put("started", result.started().toString())
                .put("ended", result.ended().toString())
                .put("manifest", result.manifest())
                .put("output", result.output())
                .put("nightshift", result.nightshift());
        ObjectNode counts = json.putObject("counts");
        for (OutputStatus status : OutputStatus.values()) {
            counts.put(word(status), result.outputs().stream().filter(output -> output.status() == status).count());
        }
        ArrayNode models = json.putArray("models");
        for (NightResult.Model model : result.models()) {
            ObjectNode node = models.addObject().put("name", model.name()).put("source", model.source());
            model.originalPerplexity().ifPresent(perplexity -> node.put("original_perplexity", perplexity));
            ArrayNode outputs = node.putArray("outputs");
            model.outputs().forEach(output -> outputs.add(output(result.output(), output)));
        }
        return json;
    }

    private static ObjectNode output(String night, OutputState output) {
        ObjectNode json = JSON.createObjectNode();
        json.put("target", output.target()).put("status", word(output.status()));
        json.put("run", output.run());
        if (output.status().isThere()) {
            json.put("location", night + "/" + output.name()).put("bytes", output.bytes());
            output.bitsPerWeight().ifPresent(bits -> json.put("bits_per_weight", bits));
            ObjectNode digests = json.putObject("sha256");
            output.digests().forEach(digests::put);
        }
        json.put("seconds", output.seconds()).put("core_seconds", output.coreSeconds());
        output.quality().ifPresent(quality -> json.putObject("quality")
                .put("mean_kld", quality.meanDivergence())
                .put("mean_kld_error", quality.meanDivergenceError())
                .put("kld_999", quality.divergence999())
                .put("same_top", quality.sameTop())
                .put("perplexity", quality.perplexity())
                .put("perplexity_error", quality.perplexityError()));
        if (!output.error().isEmpty()) {
            json.put("error", output.error());
        }
        return json;
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
