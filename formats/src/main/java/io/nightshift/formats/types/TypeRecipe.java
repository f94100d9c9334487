package io.nightshift.formats.types;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which type each tensor of a GGUF file has, to make the same file again, of this model or of a fine-tune of it. The lines of
 * {@code tensor_types} are those of llama-quantize's {@code --tensor-type} and of its {@code --tensor-type-file}.
 *
 * @param name what stands between the model's name and {@code .gguf}
 * @param base the type of the file as its metadata name it, and of tensors that the recipe does not name
 * @param types of tensors, by their names
 */
public record TypeRecipe(String name, FileType base, Map<String, GgmlType> types) {
    private static final String NAME = "name";
    private static final String BASE = "base";
    private static final String TYPES = "tensor_types";
    private static final String EMBEDDING = "token_embd.weight";
    private static final String OUTPUT = "output.weight";

    /**
     * The recipe of a file.
     *
     * @param name as above
     * @param header of a file that is quantized
     * @throws InvalidModelException if it does not say what type it is of
     */
    public static TypeRecipe of(String name, GgufHeader header) {
        long id = header.metadata().get("general.file_type")
                .map(value -> value instanceof GgufValue.Uint32 number ? number.value() : -1L)
                .orElse(-1L);
        FileType base = Arrays.stream(FileType.values()).filter(type -> type.id() == id).findFirst()
                .orElseThrow(() -> new InvalidModelException("general.file_type is " + id + ", which is no type of a file"));
        Map<String, GgmlType> types = new TreeMap<>();
        for (GgufTensor tensor : header.tensors()) {
            if (tensor.type().isQuantized()) {
                types.put(tensor.name(), tensor.type());
            }
        }
        return new TypeRecipe(name, base, types);
    }

    /**
     * Reads a recipe.
     *
     * @throws InvalidModelException if it is none; the message names the file and what is wrong
     * @throws IOException if it cannot be read
     */
    public static TypeRecipe read(ModelFolder folder, String file) throws IOException {
        String location = folder.location() + "/" + file;
        JsonNode json = JsonFile.object(folder, file);
        String name = json.path(NAME).asText();
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw new InvalidModelException(location + ": its \"" + NAME + "\" is '" + name
                    + "': wanted is what the file's name ends with, such as 4.65bpw, of letters, digits and . _ -");
        }
        try {
            FileType base = FileType.parse(json.path(BASE).asText());
            Map<String, GgmlType> types = new TreeMap<>();
            for (JsonNode line : json.path(TYPES)) {
                TypeOverride override = TypeOverride.parse(TYPES, line.asText());
                types.put(tensor(override), override.type());
            }
            if (types.isEmpty()) {
                throw new InvalidModelException("has no \"" + TYPES + "\"");
            }
            return new TypeRecipe(name, base, types);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(location + ": " + e.getMessage(), e);
        }
    }

    private static String tensor(TypeOverride override) {
        String name = override.expression().replaceAll("^\\^|\\$$", "").replace("\\.", ".");
        if (!TypeOverride.of(name, override.type()).expression().equals(override.expression())) {
            throw new InvalidModelException("\"" + override.expression() + "\" does not name one tensor, as in"
                    + " ^blk\\.0\\.attn_q\\.weight$");
        }
        return name;
    }

    /** The options that make a file of these types. */
    public TypeOptions options() {
        List<TypeOverride> overrides = new ArrayList<>();
        types.forEach((tensor, type) -> overrides.add(TypeOverride.of("--recipe, " + TYPES, tensor, type)));
        return TypeOptions.NONE.with(overrides);
    }

    /** The content of a file that {@link #read} reads. */
    public byte[] write() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(NAME, name);
        json.put(BASE, base.name());
        json.put("file_type", base.id());
        if (types.containsKey(EMBEDDING)) {
            json.put("token_embedding_type", types.get(EMBEDDING).name());
        }
        if (types.containsKey(OUTPUT)) {
            json.put("output_tensor_type", types.get(OUTPUT).name());
        }
        ArrayNode lines = json.putArray(TYPES);
        types.forEach((tensor, type) -> lines.add(
                TypeOverride.of(tensor, type).expression() + "=" + type.name().toLowerCase(Locale.ROOT)));
        return JsonFile.bytes(json);
    }
}
