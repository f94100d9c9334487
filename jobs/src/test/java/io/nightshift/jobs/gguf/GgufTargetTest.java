package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufTargetTest {
    private static final String NAME = "llama-spm";
    private static final Path MODEL = Fixtures.model(NAME);

    private static LaidOut layOut(Path model, GgufTarget target) throws IOException {
        Model opened = Model.open(
                model.toString(), new HadoopSettings(Map.of()), Optional.empty(), Model.Prediction.KEPT, warning -> { });
        target.check(opened, Optional.empty());
        return target.layOut(opened, Optional.empty(), new Chosen(List.of(), Optional.empty()));
    }

    private static LaidOutFile file(GgufTarget target) throws IOException {
        return layOut(MODEL, target).layout().files().get(0);
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "Q8_0", "Q6_K", "Q4_K_M", "Q3_K_L", "Q2_K"})
    void aFileIsLaidOutAsLlamaQuantizeDoes(FileType fileType) throws IOException {
        JsonNode golden = Fixtures.digests(MODEL).at("/quantize/" + fileType);
        LaidOutFile file = file(GgufTarget.of(fileType));
        assertEquals(NAME + "-" + fileType + ".gguf", file.name());
        assertEquals(golden.get("bytes").asLong(), file.length());
        assertEquals(golden.get("data_offset").asLong(), file.header().length);

        List<String> expected = new ArrayList<>();
        golden.get("tensors").forEach(tensor -> expected.add(
                tensor.get(0).asText() + " " + tensor.get(1).asText() + " " + tensor.get(2) + " " + tensor.get(3)));
        List<String> laidOut = new ArrayList<>();
        long offset = 0;
        for (Item item : file.items()) {
            TensorRecipe tensor = ((Item.Rows) item).tensor();
            laidOut.add(item.name() + " " + item.type() + " " + tensor.shape().toString().replace(" ", "") + " " + offset);
            offset += item.length();
        }
        assertEquals(String.join("\n", expected), String.join("\n", laidOut));
    }

    @Test
    void aTypeThatNeedsAnImportanceMatrixIsRefusedWithoutOne() {
        InvalidModelException error = assertThrows(
                InvalidModelException.class, () -> file(GgufTarget.of(FileType.Q2_K_S)));
        assertTrue(error.getMessage().startsWith("Q2_K_S needs an importance matrix: "), error.getMessage());
    }
}
