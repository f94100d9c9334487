package io.nightshift.formats.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileSizeTest {
    private static final long HEADER = 1000;

    @ParameterizedTest
    @CsvSource({
        "4.65bpw, 4.65bpw, 4650",
        "4.650 BPW, 4.65bpw, 4650",
        "0.5MB, 0.5MB, 3992000",
        "7gb, 7GB, 55999992000",
        "10GiB, 10GiB, 85899337920",
        "0.25mib, 0.25MiB, 2089152"
    })
    void aSizeIsReadAndLeavesSoManyBitsForTheData(String given, String text, long bits) {
        FileSize size = FileSize.parse(given).orElseThrow();
        assertEquals(text, size.text());
        assertEquals(bits, size.dataBits(1000, HEADER));
    }

    @Test
    void whatATypesNameCouldBeIsNone() {
        assertEquals(Optional.empty(), FileSize.parse("Q4_K_M"));
        assertEquals(Optional.empty(), FileSize.parse(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.65", "4,65bpw", "7TB", "0GB", "0.0bpw", "1e3MB", "7GBs"})
    void whatIsNoSizeIsRefused(String text) {
        String message = assertThrows(InvalidModelException.class, () -> FileSize.parse(text)).getMessage();
        assertTrue(message.contains("'" + text + "'") && message.contains("7.5GB"), message);
    }

    @Test
    void sizesAreSaidInTheUnitThatWasAskedForRoundedUp() {
        assertEquals("4.651bpw", FileSize.parse("3bpw").orElseThrow().describe(46501, 10_000, HEADER));
        assertEquals("0.002MB", FileSize.parse("1MB").orElseThrow().describe(8 * 900, 10_000, HEADER));
    }
}
