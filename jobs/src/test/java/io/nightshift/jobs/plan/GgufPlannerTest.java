package io.nightshift.jobs.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.formats.types.TypeOverride;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufPlannerTest {
    private static final String NAME = "llama-spm";
    private static final Path MODEL = Fixtures.model(NAME);

    private final List<StoredFile> files = new LocalFolder(MODEL).list();
    private final UnquantizedGguf model =
            GgufConverter.convert(Checkpoint.open(new LocalFolder(MODEL)), Optional.empty(), warning -> { });

    GgufPlannerTest() throws IOException {}

    private PreparedTarget prepare(FileType fileType, TypeOptions options) {
        return new GgufPlanner(NAME, model, files, Optional.empty()).prepare(fileType, options);
    }

    private String digest(List<StoredFile> sourceFiles) {
        return new GgufPlanner(NAME, model, sourceFiles, Optional.empty())
                .prepare(FileType.Q4_K_M, TypeOptions.NONE)
                .digest();
    }

    private List<StoredFile> filesWithAnother(String changed) {
        List<StoredFile> others = new ArrayList<>(files);
        others.replaceAll(file ->
                file.name().equals(changed) ? new StoredFile(changed, file.length(), file.version() + "0") : file);
        assertNotEquals(files, others);
        return others;
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "Q8_0", "Q6_K", "Q4_K_M", "Q3_K_L", "Q2_K"})
    void aFileIsLaidOutAsLlamaQuantizeDoes(FileType fileType) throws IOException {
        JsonNode golden = Fixtures.digests(MODEL).at("/quantize/" + fileType);
        PreparedTarget prepared = prepare(fileType, TypeOptions.NONE);
        assertEquals(NAME + "-" + fileType + ".gguf", prepared.target().fileName());
        assertEquals(golden.get("bytes").asLong(), prepared.target().layout().length());
        assertEquals(golden.get("data_offset").asLong(), prepared.target().layout().dataOffset());
        assertEquals(prepared.header().length, prepared.target().layout().dataOffset());

        List<String> expected = new ArrayList<>();
        golden.get("tensors").forEach(tensor -> expected.add(
                tensor.get(0).asText() + " " + tensor.get(1).asText() + " " + tensor.get(2) + " " + tensor.get(3)));
        List<String> laidOut = new ArrayList<>();
        for (GgufTensor tensor : prepared.target().layout().tensors()) {
            laidOut.add(tensor.name() + " " + tensor.type() + " " + tensor.shape().toString().replace(" ", "") + " "
                    + tensor.offset());
        }
        assertEquals(String.join("\n", expected), String.join("\n", laidOut));
    }

    @Test
    void rowsStandWhereTheTensorAndTheRowsBeforeThemEnd() {
        GgufTarget target = prepare(FileType.Q4_K_M, TypeOptions.NONE).target();
        for (int i = 0; i < target.types().size(); i++) {
            GgufTensor tensor = target.layout().tensors().get(i);
            assertEquals(target.layout().dataOffset() + tensor.offset(), target.position(i, 0));
            assertEquals(tensor.bytes(), target.position(i, tensor.rows()) - target.position(i, 0));
        }
    }

    @Test
    void thePlanIsTheSameForTheSameInput() {
        assertEquals(digest(files), digest(List.copyOf(files)));
    }

    @Test
    void thePlanIsAnotherForOtherWeights() {
        assertNotEquals(digest(files), digest(filesWithAnother("model-00002-of-00002.safetensors")));
    }

    /** What of them counts stands in the header. */
    @Test
    void thePlanDoesNotChangeWithFilesThatHoldNoWeights() {
        assertEquals(digest(files), digest(filesWithAnother("tokenizer_config.json")));
    }

    @Test
    void thePlanIsAnotherForOtherOptions() {
        TypeOptions options = new TypeOptions(
                false, false, Optional.empty(), Optional.empty(), List.of(TypeOverride.parse("attn_v=q8_0")), false);
        String plan = prepare(FileType.Q4_K_M, TypeOptions.NONE).digest();
        assertNotEquals(plan, prepare(FileType.Q4_K_M, options).digest());
        assertNotEquals(plan, prepare(FileType.Q4_K_S, TypeOptions.NONE).digest());
    }

    @Test
    void aTypeThatNeedsAnImportanceMatrixIsRefusedWithoutOne() {
        InvalidModelException error = assertThrows(
                InvalidModelException.class, () -> prepare(FileType.Q2_K_S, TypeOptions.NONE));
        assertTrue(error.getMessage().startsWith("Q2_K_S needs an importance matrix: "), error.getMessage());
    }
}
