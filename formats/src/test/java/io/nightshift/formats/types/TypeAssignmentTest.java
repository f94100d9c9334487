package io.nightshift.formats.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.conversion.TensorOrder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The type of every tensor against tables that {@code llama-quantize --dry-run} printed for models of many shapes:
 * every file type, with and without an importance matrix, and every option.
 */
class TypeAssignmentTest {
    static List<Arguments> cases() throws IOException {
        JsonNode models;
        try (InputStream in = TypeAssignmentTest.class.getResourceAsStream("/policy/types.json.gz")) {
            models = new ObjectMapper().readTree(new GZIPInputStream(in));
        }
        List<Arguments> cases = new ArrayList<>();
        models.fields().forEachRemaining(model -> model.getValue().get("cases").forEach(entry -> cases.add(Arguments.of(
                model.getKey(),
                entry.get("type").asText(),
                strings(entry.get("options")),
                entry.get("imatrix").asBoolean(),
                model.getValue(),
                entry))));
        return cases;
    }

    @ParameterizedTest(name = "{0} as {1} {2}, importance {3}")
    @MethodSource("cases")
    void givesTheTypesOfLlamaQuantize(
            String name, String fileType, List<String> options, boolean importance, JsonNode model, JsonNode golden) {
        List<TensorRecipe> tensors = TensorOrder.sorted(tensors(model));
        TypeAssignment assignment =
                new TypeAssignment(FileType.parse(fileType), facts(model), options(options, importance));
        if (golden.has("error")) {
            assertThrows(InvalidModelException.class, () -> assignment.assign(tensors));
            return;
        }
        Map<String, GgmlType> expected = new HashMap<>();
        String types = golden.get("types").asText();
        for (int i = 0; i < types.length(); i++) {
            expected.put(model.get("tensors").get(i).get(0).asText(), GgmlType.fromId(types.charAt(i) - '0'));
        }
        List<AssignedType> assigned = assignment.assign(tensors);
        for (int i = 0; i < tensors.size(); i++) {
            assertEquals(expected.get(tensors.get(i).name()), assigned.get(i).type(), tensors.get(i).name());
        }
    }

    @Test
    void knowsWhichTypesNeedAnImportanceMatrix() {
        List<TensorRecipe> tensors = List.of("blk.0.attn_q.weight", "output.weight", "token_embd.weight").stream()
                .map(name -> new TensorRecipe(
                        name, List.of(256L, 2L), GgmlType.BF16, new TensorRecipe.Computed(List.of())))
                .toList();
        ModelFacts facts = new ModelFacts("llama", 1, 1, 1, 0);
        Map<String, List<Boolean>> needs = Map.of(
                "Q2_K", List.of(false, false, false), "Q2_K_S", List.of(true, false, false),
                "IQ3_S", List.of(false, false, false), "IQ3_XXS", List.of(true, false, false),
                "IQ2_M", List.of(true, false, false), "IQ2_XS", List.of(true, true, true),
                "IQ1_M", List.of(true, false, false), "IQ1_S", List.of(true, true, true));
        needs.forEach((type, expected) -> assertEquals(
                expected,
                new TypeAssignment(FileType.parse(type), facts, options(List.of("--pure"), false))
                        .assign(tensors).stream().map(AssignedType::needsImportance).toList(),
                type));
    }

    @Test
    void refusesOptionsThatWouldHaveNoEffect() {
        List<TensorRecipe> tied = List.of(
                new TensorRecipe("token_embd.weight", List.of(256L, 2L), GgmlType.BF16, new TensorRecipe.Computed(List.of())));
        ModelFacts facts = new ModelFacts("llama", 1, 1, 1, 0);
        for (String[] options : new String[][] {
            {"--tensor-type", "no_such=q8_0"}, {"--leave-output-tensor"}, {"--output-tensor-type", "q8_0", "--pure"}
        }) {
            InvalidModelException error = assertThrows(
                    InvalidModelException.class,
                    () -> new TypeAssignment(FileType.Q4_K_M, facts, options(List.of(options), false)).assign(tied));
            assertTrue(error.getMessage().contains(options[0]), error.getMessage());
        }
        assertThrows(
                InvalidModelException.class,
                () -> new TypeAssignment(FileType.F16, facts, options(List.of("--pure"), false)).assign(tied));
    }

    private static ModelFacts facts(JsonNode model) {
        return new ModelFacts(
                model.get("architecture").asText(),
                model.get("layers").asInt(),
                model.get("heads").asInt(),
                model.get("keyValueHeads").asInt(),
                model.get("experts").asInt());
    }

    private static List<TensorRecipe> tensors(JsonNode model) {
        List<TensorRecipe> tensors = new ArrayList<>();
        model.get("tensors").forEach(tensor -> {
            List<Long> shape = new ArrayList<>();
            tensor.get(1).forEach(size -> shape.add(size.asLong()));
            tensors.add(new TensorRecipe(
                    tensor.get(0).asText(),
                    shape,
                    GgmlType.valueOf(tensor.get(2).asText()),
                    new TensorRecipe.Computed(List.of())));
        });
        return tensors;
    }

    private static TypeOptions options(List<String> arguments, boolean importance) {
        boolean pure = arguments.contains("--pure");
        boolean leave = arguments.contains("--leave-output-tensor");
        Optional<GgmlType> output = Optional.empty();
        Optional<GgmlType> embedding = Optional.empty();
        List<TypeOverride> overrides = new ArrayList<>();
        for (int i = 0; i + 1 < arguments.size(); i++) {
            String value = arguments.get(i + 1);
            switch (arguments.get(i)) {
                case "--output-tensor-type" -> output = Optional.of(TypeOverride.parseType("--output-tensor-type", value));
                case "--token-embedding-type" ->
                    embedding = Optional.of(TypeOverride.parseType("--token-embedding-type", value));
                case "--tensor-type" -> overrides.add(TypeOverride.parse("--tensor-type", value));
                default -> { }
            }
        }
        return new TypeOptions(pure, leave, output, embedding, overrides, importance);
    }

    private static List<String> strings(JsonNode array) {
        List<String> strings = new ArrayList<>();
        array.forEach(element -> strings.add(element.asText()));
        return strings;
    }
}
