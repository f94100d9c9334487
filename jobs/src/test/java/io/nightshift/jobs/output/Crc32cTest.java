package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class Crc32cTest {
    private static final int LENGTH = 3_000_000;

    private final byte[] content = new byte[LENGTH];

    Crc32cTest() {
        new Random(1).nextBytes(content);
    }

    private long crc(int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(content, from, to - from);
        return crc.getValue();
    }

    @Test
    void combinesWhereverTheBytesAreCut() {
        for (int cut : new int[] {0, 1, 2, 3, 63, 64, 65, 1023, 1 << 20, (1 << 20) + 1, LENGTH - 1, LENGTH}) {
            assertEquals(
                    crc(0, LENGTH), Crc32c.combine(crc(0, cut), crc(cut, LENGTH), LENGTH - cut), "cut at " + cut);
        }
    }

    @Test
    void combinesLengthsThatNoArrayHas() {
        long block = crc(0, LENGTH);
        long doubled = block;
        long length = LENGTH;
        for (; length < 5L << 30; length *= 2) {
            doubled = Crc32c.combine(doubled, doubled, length);
        }
        long oneByOne = block;
        for (long done = LENGTH; done < length; done += LENGTH) {
            oneByOne = Crc32c.combine(oneByOne, block, LENGTH);
        }
        assertEquals(oneByOne, doubled);
    }

    @Test
    void isThatOfTheCheckValue() throws IOException {
        // The catalogue's check value of CRC-32/ISCSI.
        byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
        assertEquals(0xE3069283L, Crc32c.of(new ByteArrayInputStream(digits)));
    }

    @Test
    void ofPartsIsThatOfTheWhole() {
        List<PartReceipt> receipts = new ArrayList<>();
        int position = 0;
        for (int length : new int[] {1, 999_999, 1_500_000, 7, LENGTH - 2_500_007}) {
            Part part = new Part(receipts.size(), position, length);
            receipts.add(new PartReceipt(part, 0, new byte[0], crc(position, position + length)));
            position += length;
        }
        assertEquals(crc(0, LENGTH), Crc32c.ofParts(receipts));
        assertEquals(crc(0, 1), Crc32c.ofParts(receipts.subList(0, 1)));
        assertEquals(0, Crc32c.ofParts(List.of()));
    }

    @Test
    void ofAStreamIsThatOfItsBytes() throws IOException {
        assertEquals(crc(0, LENGTH), Crc32c.of(new ByteArrayInputStream(content)));
        assertEquals(crc(5, 9), Crc32c.of(new ByteArrayInputStream(Arrays.copyOfRange(content, 5, 9))));
    }
}
