package io.nightshift.formats.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationManifestTest {
    private static MemoryFolder folder(int version) throws IOException {
        return folder(text(version));
    }

    private static MemoryFolder folder(String text) {
        return MemoryFolder.of("m", Map.of(CalibrationManifest.FILE, text));
    }

    private static String text(int version) throws IOException {
        String digest = "0123456789abcdef".repeat(4);
        InputSummary input = new InputSummary("blk.0.attn_q", 0, List.of("blk.0.attn_q.weight"), -1, 64, 1024, null);
        return new String(new CalibrationManifest(CalibrationManifest.FORMAT, version, "model", digest, List.of("a.txt"), "45",
                digest, "documents", 2, 512, 1, StatisticsKind.GRAM, 128, false, 32, digest, List.of(input)).toJson(),
                StandardCharsets.UTF_8);
    }

    /** Version 1 is that of statistics whose texts were cut by SentencePiece's library. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void olderStatisticsAreStillRead(int version) throws IOException {
        assertEquals(version, CalibrationManifest.read(folder(version)).version());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, -1})
    void otherVersionsAreRefused(int version) {
        String message = assertThrows(
                InvalidModelException.class, () -> CalibrationManifest.read(folder(version))).getMessage();
        assertTrue(message.contains("version " + version + ", where nightshift-calibration, versions 1 to 2, are"), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"gramBlock\" : 128 | \"gramBlock\" : 0 | gramBlock is 0; it must be 1 or more",
        "\"gramBlock\" : 128, | '' | gramBlock is 0; it must be 1 or more",
        "\"groups\" : 1 | \"groups\" : -1 | groups is -1; it must be 1 or more",
        "\"tokensDigest\" : \"0123 | \"tokensDigest\" : \"x123 | tokensDigest is no SHA-256: x123",
        "\"tokensDigest\" : | \"tokens\" : | it has an unknown key tokens",
        "\"statistics\" : \"gram\" | \"statistics\" : null | statistics is missing",
        "\"channels\" : 64 | \"channels\" : [] | inputs.[0].channels has a value of another kind",
        "\"tokensDigest\" : | \"tokensDigest\" : null, \"unknown\" : | it has an unknown key unknown",
        "\"channels\" : 64 | \"channels\" : 0 | inputs holds one without name, tensors or channels",
        "\"model\" : \"model\" | \"model\" : null | model is missing"})
    void valuesThatNoneHasAreNamed(String written, String damaged, String said) throws IOException {
        String text = text(2);
        assertTrue(text.contains(written), text);
        String message = assertThrows(InvalidModelException.class,
                () -> CalibrationManifest.read(folder(text.replace(written, damaged)))).getMessage();
        assertTrue(message.contains("/calibration.json is damaged: " + said), message);
    }

    /** Those of a step of propagation, which no importance matrix is made of. */
    @Test
    void statisticsWithoutAnImportanceMatrixAreRead() throws IOException {
        CalibrationManifest step = CalibrationManifest.read(folder(2));
        step = step.with("", step.inputs());
        assertEquals(step, CalibrationManifest.read(folder(new String(step.toJson(), StandardCharsets.UTF_8))));
    }

    @Test
    void newStatisticsHaveTheNewVersion() {
        assertEquals(2, CalibrationManifest.VERSION);
    }
}
