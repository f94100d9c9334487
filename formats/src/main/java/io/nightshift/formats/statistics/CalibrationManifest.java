package io.nightshift.formats.statistics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a folder of statistics was made of and holds: {@value #FILE}, written last. A folder without it is incomplete.
 *
 * @param format {@value #FORMAT}
 * @param version {@value #VERSION}; readers take older ones and refuse newer ones
 * @param model name of the model
 * @param modelDigest of {@link ModelDigest}
 * @param data the files that the texts came from
 * @param dataDigest SHA-256 of the texts that were used
 * @param tokensDigest SHA-256 of the token ids
 * @param packing how texts became sequences
 * @param sequences number of sequences
 * @param sequenceLength tokens of each
 * @param groups number of groups of sequences: sums are added up group by group, so they belong to the result
 * @param statistics how much is kept
 * @param gramBlock channels of a side of a Gram matrix's blocks
 * @param routeAllExperts whether experts' inputs are those of all tokens
 * @param minExpertTokens experts with fewer tokens get other statistics
 * @param imatrixDigest SHA-256 of {@value #IMATRIX}, empty where the folder has none: that of a step of propagation
 * @param inputs all inputs, layer by layer
 */
public record CalibrationManifest(
        String format,
        int version,
        String model,
        String modelDigest,
        List<String> data,
        String dataDigest,
        String tokensDigest,
        String packing,
        int sequences,
        int sequenceLength,
        int groups,
        StatisticsKind statistics,
        int gramBlock,
        boolean routeAllExperts,
        int minExpertTokens,
        String imatrixDigest,
        List<InputSummary> inputs) {
    /** The manifest's file. */
    public static final String FILE = "calibration.json";

    /** The importance matrix's file. */
    public static final String IMATRIX = "imatrix.gguf";

    /** The token ids' file: one tensor {@code tokens}, I32 [sequences, sequence length]. */
    public static final String TOKENS = "tokens.safetensors";

    /** What {@link #format} says. */
    public static final String FORMAT = "nightshift-calibration";

    /**
     * What {@link #version} says. Since version 2 texts become the tokens that transformers gives; before, texts of
     * models with tokenizer.model alone were cut by SentencePiece's library. The statistics themselves are the same.
     */
    public static final int VERSION = 2;

    private static final int OLDEST_VERSION = 1;

    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The file of a layer, or of the output matrix where it is -1. */
    public static String layerFile(int layer) {
        return layer < 0 ? "output.safetensors" : String.format(java.util.Locale.ROOT, "layer-%05d.safetensors", layer);
    }

    /**
     * Reads the manifest of a folder.
     *
     * @throws InvalidModelException if there is none, or one that is not understood
     * @throws IOException if it cannot be read
     */
    public static CalibrationManifest read(ModelFolder folder) throws IOException {
        String file = folder.location() + "/" + FILE;
        JsonNode json = JsonFile.read(folder, FILE).orElseThrow(() -> new InvalidModelException(file
                + " is not there: " + folder.location() + " holds no finished calibration; make one with nightshift"
                + " calibrate"));
        int version = json.path("version").asInt();
        if (!json.path("format").asText().equals(FORMAT) || version < OLDEST_VERSION || version > VERSION) {
            throw new InvalidModelException(file + ": format " + json.path("format") + ", version "
                    + json.path("version")
                    + ", where " + FORMAT + ", versions " + OLDEST_VERSION + " to " + VERSION
                    + ", are understood; run nightshift calibrate again");
        }
        try {
            CalibrationManifest manifest = JSON.treeToValue(json, CalibrationManifest.class);
            manifest.requireSound();
            return manifest;
        } catch (UnrecognizedPropertyException e) {
            throw new InvalidModelException(
                    file + " is damaged: it has an unknown key " + Printable.name(e.getPropertyName()), e);
        } catch (MismatchedInputException e) {
            String key = e.getPath().stream()
                    .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName())
                    .collect(Collectors.joining("."));
            throw new InvalidModelException(
                    file + " is damaged: " + Printable.name(key) + " has a value of another kind than it must have", e);
        } catch (JsonProcessingException e) {
            throw new InvalidModelException(file + " is damaged: " + e.getOriginalMessage(), e);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(file + " is damaged: " + e.getMessage(), e);
        }
    }

    private void requireSound() {
        requireText("model", model);
        requireText("packing", packing);
        requireDigest("modelDigest", modelDigest);
        requireDigest("tokensDigest", tokensDigest);
        if (!"".equals(imatrixDigest)) {
            requireDigest("imatrixDigest", imatrixDigest);
        }
        requireOneOrMore("sequences", sequences);
        requireOneOrMore("sequenceLength", sequenceLength);
        requireOneOrMore("groups", groups);
        requireOneOrMore("gramBlock", gramBlock);
        if (statistics == null) {
            throw new InvalidModelException("statistics is missing");
        }
        if (inputs == null || inputs.isEmpty()) {
            throw new InvalidModelException("inputs is missing or empty");
        }
        for (InputSummary input : inputs) {
            if (input == null || input.name() == null || input.tensors() == null || input.channels() < 1
                    || input.tokens() < 0) {
                throw new InvalidModelException("inputs holds one without name, tensors or channels: " + input);
            }
        }
    }

    private static void requireText(String key, String value) {
        if (value == null) {
            throw new InvalidModelException(key + " is missing");
        }
    }

    private static void requireDigest(String key, String value) {
        requireText(key, value);
        if (!DIGEST.matcher(value).matches()) {
            throw new InvalidModelException(key + " is no SHA-256: " + value);
        }
    }

    private static void requireOneOrMore(String key, int value) {
        if (value < 1) {
            throw new InvalidModelException(key + " is " + value + "; it must be 1 or more");
        }
    }

    /** The same of other inputs. */
    public CalibrationManifest with(String digestOfImatrix, List<InputSummary> others) {
        return new CalibrationManifest(format, version, model, modelDigest, data, dataDigest, tokensDigest, packing,
                sequences, sequenceLength, groups, statistics, gramBlock, routeAllExperts, minExpertTokens,
                digestOfImatrix, others);
    }

    /** The manifest as JSON. */
    public byte[] toJson() throws IOException {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
    }

    /**
     * Makes sure that the statistics are those of a model.
     *
     * @param location of the statistics, for the message
     * @param digest the model's
     * @throws InvalidModelException if they are another one's
     */
    public void requireModel(String location, String digest) {
        if (!modelDigest.equals(digest)) {
            throw new InvalidModelException(location + ": these are the statistics of another model (" + model
                    + ", digest " + modelDigest.substring(0, 12) + "; this one's is " + digest.substring(0, 12)
                    + "); run nightshift calibrate with this model");
        }
    }
}
