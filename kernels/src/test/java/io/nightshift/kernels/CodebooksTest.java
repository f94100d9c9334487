package io.nightshift.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodebooksTest {
    /** SHA-256 of ggml's tables, a byte a weight. */
    private static final Map<Codebooks.Grid, String> DIGESTS = Map.of(
            Codebooks.Grid.IQ2XXS, "05826b5d3e472a3a78f196be62ac78acf81df0f909626e12ab9fa2a5d490dd54",
            Codebooks.Grid.IQ2XS, "06e47aaca60b4dc1d9b5a3f34540437058a6b142b4d7a59d5ded769b4d1bf1de",
            Codebooks.Grid.IQ2S, "e1aa1473412b0552c2174c30ef22ab4073f6a181b85a17056e8249bd2932fd88",
            Codebooks.Grid.IQ3XXS, "46e35f5a997efdee6c99ce57854c8a0d4f0ff8ca57e5e8a60c0793ea580acf5d",
            Codebooks.Grid.IQ3S, "bd1af4945a1717c65610b0284e4628b9a1ba3b306fae3a06f6e5f597356e349f",
            Codebooks.Grid.IQ1S, "07540ffc1aeaf6ad4d97e96b0fcc765aae39671d4ae4a27bbd0e796fde167c6a");

    @ParameterizedTest
    @EnumSource(Codebooks.Grid.class)
    void gridsAreThoseOfGgml(Codebooks.Grid grid) {
        byte[] points = new byte[grid.size() * grid.dimensions()];
        for (int i = 0; i < points.length; i++) {
            points[i] = (byte) grid.value(i / grid.dimensions(), i % grid.dimensions());
        }
        assertEquals(DIGESTS.get(grid), Golden.sha256(points));
    }

    @ParameterizedTest
    @EnumSource(Codebooks.Grid.class)
    void codesAscendAndHoldTheLevels(Codebooks.Grid grid) {
        float[] values = grid.points();
        for (int point = 0; point < grid.size(); point++) {
            assertTrue(point == 0 || grid.code(point - 1) < grid.code(point));
            int code = 0;
            for (int weight = 0; weight < grid.dimensions(); weight++) {
                code |= grid.level(point, weight) << grid.bits() * weight;
                assertEquals(grid.value(point, weight), values[point * grid.dimensions() + weight]);
            }
            assertEquals(code, grid.code(point));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 64, 126, 127})
    void signsAreEvenInNumber(int stored) {
        int signs = Codebooks.signs(stored);
        assertEquals(stored, signs & 127);
        assertEquals(0, Integer.bitCount(signs) % 2);
    }

    @Test
    void tablesAreCopies() {
        Codebooks.iq4nl()[0] = 5;
        Codebooks.mxfp4()[0] = 5;
        assertArrayEquals(
                new byte[] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}, Codebooks.iq4nl());
        assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}, Codebooks.mxfp4());
    }
}
