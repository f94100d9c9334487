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
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationManifestTest {
    private static MemoryFolder folder(int version) throws IOException {
        CalibrationManifest manifest = new CalibrationManifest(CalibrationManifest.FORMAT, version, "model", "0123", List.of(
                "a.txt"), "45", "67", "documents", 2, 512, 1, StatisticsKind.GRAM, 128, false, 32, "89", List.of());
        return MemoryFolder.of("m", Map.of(
                CalibrationManifest.FILE, new String(manifest.toJson(), StandardCharsets.UTF_8)));
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

    @Test
    void newStatisticsHaveTheNewVersion() {
        assertEquals(2, CalibrationManifest.VERSION);
    }
}
