package io.nightshift.formats.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileSize.Contents;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileSizeTest {
    private static final Contents FILE = new Contents(1000, 1000, ContextMemoryTest.llama());

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
        assertEquals(bits, size.dataBits(FILE));
    }

    @Test
    void whatATypesNameCouldBeIsNone() {
        assertEquals(Optional.empty(), FileSize.parse("Q4_K_M"));
        assertEquals(Optional.empty(), FileSize.parse(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"4.65", "4,65bpw", "7TB", "0GB", "0.0bpw", "1e3MB", "7GBs", "fit=8GB",
        "fit=8GB@0", "fit=4bpw@512", "fit 8GB@512", "8GB@512"})
    void whatIsNoSizeIsRefused(String text) {
        String message = assertThrows(InvalidModelException.class, () -> FileSize.parse(text)).getMessage();
        assertTrue(message.contains("'" + text + "'") && message.contains("7.5GB"), message);
    }

    @Test
    void theMemoryOfAContextIsTakenOff() {
        FileSize size = FileSize.parse("FIT=16.0gb@4096").orElseThrow();
        assertEquals("fit=16GB@4096", size.text());
        assertEquals("fit-16GB-4096", size.label());
        long beside = ContextMemory.of(FILE.metadata()).bytes(4096);
        assertEquals(8 * (16_000_000_000L - 1000 - beside), size.dataBits(FILE));
        assertEquals("16.000GB with a context of 4096 tokens", size.describe(size.dataBits(FILE), FILE));
        assertTrue(FileSize.parse("fit=0.5GB@4096").orElseThrow().dataBits(FILE) < 0);
    }

    @Test
    void sizesAreSaidInTheUnitThatWasAskedForRoundedUp() {
        assertEquals("4.651bpw", FileSize.parse("3bpw").orElseThrow().describe(4651, FILE));
        assertEquals("0.002MB", FileSize.parse("1MB").orElseThrow().describe(8 * 900, FILE));
    }
}
