package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.metadata.MetadataDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Keys and rope factors that follow from config.json alone, against the converter's (make_configurations.py). */
class GoldenHyperparametersTest {
    @TestFactory
    Stream<DynamicTest> followFromTheConfigurationAsInTheConverter() throws IOException {
        List<Path> files;
        try (Stream<Path> entries = Files.list(Path.of("src/test/resources/configurations"))) {
            files = entries.sorted().toList();
        }
        return files.stream().map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> compare(file)));
    }

    private static void compare(Path file) throws IOException {
        JsonNode golden = new ObjectMapper().readTree(file.toFile());
        ModelConfig config = ModelConfig.of("config.json", golden.get("config"));
        Architecture architecture = Architectures.of(config);

        assertEquals(String.join("\n", MetadataDigest.of(golden.get("kv"), key -> true)),
                actualKeys(architecture, config));
        List<String> factors = new ArrayList<>();
        golden.get("computed").properties()
                .forEach(entry -> entry.getValue().forEach(bits -> factors.add(entry.getKey() + " " + bits)));
        assertEquals(factors, actualFactors(architecture, config));
    }

    private static String actualKeys(Architecture architecture, ModelConfig config) {
        List<String> keys = new ArrayList<>();
        for (List<Hyperparameter> part : List.of(architecture.leading(), architecture.hyperparameters())) {
            HyperparameterWriter writer = new HyperparameterWriter(architecture.name(), 1, BlockCount.layers(config));
            part.forEach(hyperparameter -> hyperparameter.write(config, writer));
            keys.addAll(MetadataDigest.of(writer.metadata()));
        }
        return String.join("\n", keys);
    }

    private static List<String> actualFactors(Architecture architecture, ModelConfig config) {
        List<String> factors = new ArrayList<>();
        for (ComputedTensors computed : architecture.computed()) {
            for (TensorRecipe recipe : computed.of(config)) {
                ((TensorRecipe.Computed) recipe.content()).values()
                        .forEach(value -> factors.add(recipe.name() + " " + Float.floatToRawIntBits(value)));
            }
        }
        return factors;
    }
}
