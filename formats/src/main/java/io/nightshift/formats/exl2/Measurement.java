package io.nightshift.formats.exl2;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.exl2.ParameterSet.Part;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What each choice of parameter sets loses, block by block: the content of ExLlamaV2's {@code measurement.json}, which its
 * converter takes with {@code -m} (conversion/measure.py, optimize.py).
 *
 * @param options the measured choices of each block, by the block's key
 * @param scales how the model's channels were scaled, {@code none} in files of ExLlamaV2: under a key of our own
 */
public record Measurement(Map<String, List<Option>> options, String scales) {
    /** The file's usual name. */
    public static final String FILE = "measurement.json";

    private static final String SCALES = "nightshift_scales";
    private static final Pattern LAYER = Pattern.compile(".*\\blayers\\.(\\d+)\\..*");

    /**
     * A choice.
     *
     * @param parameters the parameter set of each role
     * @param totalBits bits of the whole block
     * @param accuracy one minus the relative error of the block's output
     */
    public record Option(Map<String, ParameterSet> parameters, long totalBits, double accuracy) {
        /**
         * A choice as it was measured.
         *
         * @param error the relative error of the block's output; none at all is stored as the least that there is:
         *     ExLlamaV2 takes the logarithm of what an accuracy lacks
         */
        public static Option measured(Map<String, ParameterSet> parameters, long totalBits, double error) {
            return new Option(parameters, totalBits, Math.min(1 - error, Math.nextDown(1.0)));
        }

        /** The relative error of the block's output. */
        public double error() {
            return 1 - accuracy;
        }
    }

    /**
     * Reads a file.
     *
     * @throws InvalidModelException if it is no measurement; the message names the file, the block and what is wrong
     * @throws IOException if it cannot be read
     */
    public static Measurement read(ModelFolder folder, String name) throws IOException {
        String location = folder.location() + "/" + name;
        JsonNode json = JsonFile.read(folder, name)
                .orElseThrow(() -> new InvalidModelException(location + ": there is no such file"));
        JsonNode blocks = json.path("measurement");
        if (!blocks.isObject()) {
            throw new InvalidModelException(location + ": has no \"measurement\": ExLlamaV2's measurement.json is wanted");
        }
        Map<String, List<Option>> options = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> fields = blocks.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> block = fields.next();
            if (block.getValue().isArray()) {
                List<Option> choices = new ArrayList<>();
                for (JsonNode option : block.getValue()) {
                    choices.add(option(location + ": block " + block.getKey() + ", choice " + choices.size(), option));
                }
                options.put(block.getKey(), List.copyOf(choices));
            }
        }
        return new Measurement(options, json.path(SCALES).asText("none"));
    }

    private static Option option(String where, JsonNode json) {
        JsonNode accuracy = json.path("accuracy");
        JsonNode bits = json.path("total_bits");
        if (!accuracy.isNumber() || !(accuracy.doubleValue() <= 1) || !bits.isNumber() || !(bits.doubleValue() > 0)) {
            throw new InvalidModelException(where + ": has the accuracy " + accuracy + " and " + bits
                    + " bits: wanted are a number up to 1 and a positive number. Measure again");
        }
        Map<String, ParameterSet> parameters = new LinkedHashMap<>();
        json.fields().forEachRemaining(field -> {
            if (field.getValue().isObject()) {
                parameters.put(field.getKey(), parameterSet(where + ", " + field.getKey(), field.getValue()));
            }
        });
        return new Option(parameters, bits.longValue(), accuracy.doubleValue());
    }

    private static ParameterSet parameterSet(String where, JsonNode json) {
        JsonNode bits = json.path("bits");
        JsonNode shares = json.path("bits_prop");
        if (json.path("scale_bits").asInt() != ParameterSet.SCALE_BITS || bits.size() == 0 || bits.size() != shares.size()) {
            throw new InvalidModelException(where + ": is no parameter set with scales of 4 bits. Measure again");
        }
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < bits.size(); i++) {
            int groupSize = json.path("group_size").path(bits.get(i).asText()).asInt();
            if (groupSize < 1) {
                throw new InvalidModelException(where + ": has no \"group_size\" for " + bits.get(i) + " bits. Measure again");
            }
            parts.add(new Part(bits.get(i).asInt(), groupSize, shares.get(i).asDouble()));
        }
        try {
            return new ParameterSet(parts);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(where + ": " + e.getMessage() + ". Measure again", e);
        }
    }

    /**
     * The choices of a model's blocks, in their order.
     *
     * @param location of the file, for messages
     * @throws InvalidModelException if a block is missing, or the measurement is of another model: more layers, other
     *     roles, or sizes that give other numbers of bits; the message names the block
     */
    public List<List<Option>> of(String location, List<Exl2Block> blocks) {
        Map<String, Exl2Block> expected = new LinkedHashMap<>();
        blocks.forEach(block -> expected.put(block.key(), block));
        for (String key : options.keySet()) {
            if (!expected.containsKey(key)) {
                Matcher layer = LAYER.matcher(key);
                throw new InvalidModelException(location + ": is of another model: it has the block " + key
                        + (layer.matches() ? ", and the model's last one is " + blocks.get(blocks.size() - 1).key() : "")
                        + ". Measure this model");
            }
        }
        List<List<Option>> choices = new ArrayList<>();
        for (Exl2Block block : blocks) {
            List<Option> measured = options.get(block.key());
            if (measured == null || measured.isEmpty()) {
                throw new InvalidModelException(location + ": block " + block.key()
                        + " is missing: the measurement was broken off, or is of another model. Measure this model");
            }
            for (Option option : measured) {
                requireFits(location, block, option);
            }
            choices.add(measured);
        }
        return choices;
    }

    private static void requireFits(String location, Exl2Block block, Option option) {
        if (!option.parameters().keySet().containsAll(block.roles())
                || option.parameters().size() != block.roles().size()) {
            throw new InvalidModelException(location + ": is of another model: block " + block.key() + " has "
                    + option.parameters().keySet() + ", in the model it has " + block.roles() + ". Measure this model");
        }
        for (Exl2Block.Matrix matrix : block.matrices()) {
            try {
                option.parameters().get(matrix.role()).layout(Math.toIntExact(matrix.inputs()));
            } catch (IllegalArgumentException e) {
                throw new InvalidModelException(location + ": block " + block.key() + ", " + matrix.role() + ": "
                        + e.getMessage() + ". Measure this model", e);
            }
        }
        long bits = block.totalBits(option.parameters());
        if (bits != option.totalBits()) {
            throw new InvalidModelException(location + ": is of another model: a choice of block " + block.key()
                    + " takes " + option.totalBits() + " bits, but in the model " + bits + ". Measure this model");
        }
    }

    /** The file, as ExLlamaV2 reads it with {@code -m}. */
    public byte[] write() {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        ObjectNode blocks = root.putObject("measurement");
        options.forEach((key, choices) -> {
            ArrayNode array = blocks.putArray(key);
            choices.forEach(option -> array.add(json(mapper, option)));
        });
        // Behind the embedding and the blocks come the norm and the head.
        root.put("last_module_idx", options.size() + 2);
        root.put(SCALES, scales);
        return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode json(ObjectMapper mapper, Option option) {
        ObjectNode json = mapper.createObjectNode();
        json.put("accuracy", option.accuracy());
        json.put("total_bits", option.totalBits());
        option.parameters().forEach((role, set) -> {
            ObjectNode parameters = json.putObject(role);
            ObjectNode groupSize = parameters.putObject("group_size");
            ArrayNode bits = parameters.putArray("bits");
            ArrayNode shares = parameters.putArray("bits_prop");
            for (Part part : set.parts()) {
                groupSize.put(Integer.toString(part.bits()), part.groupSize());
                bits.add(part.bits());
                // ExLlamaV2 asserts that the shares sum to exactly 1: whole numbers as it writes them.
                if (part.share() == 1) {
                    shares.add(1);
                } else {
                    shares.add(part.share());
                }
            }
            parameters.put("scale_bits", ParameterSet.SCALE_BITS);
        });
        return json;
    }
}
