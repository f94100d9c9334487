package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TorchFloatTest {
    /** A line holds a base and, as their bits, its powers of 0, 1/n, 2/n and so on, from {@code torch.pow}. */
    private static final Path POWERS = Path.of("src/test/resources/torch/powers.txt");

    @Test
    void powersAreThoseOfPyTorch() throws Exception {
        int unlikeTheRoundedPower = 0;
        List<String> lines = Files.readAllLines(POWERS);
        for (String line : lines) {
            String[] fields = line.split(" ");
            float base = Float.parseFloat(fields[0]);
            int count = fields.length - 1;
            float[] exponents = new float[count];
            int[] expected = new int[count];
            for (int i = 0; i < count; i++) {
                exponents[i] = (float) (2 * i) / (2 * count);
                expected[i] = Integer.parseInt(fields[1 + i]);
                float rounded = (float) Math.pow(base, exponents[i]);
                unlikeTheRoundedPower += Float.floatToRawIntBits(rounded) == expected[i] ? 0 : 1;
            }
            float[] powers = TorchFloat.pow(base, exponents);
            int[] bits = new int[count];
            Arrays.setAll(bits, i -> Float.floatToRawIntBits(powers[i]));
            assertArrayEquals(expected, bits, line);
        }
        assertTrue(unlikeTheRoundedPower > 0, "the samples would not tell PyTorch's powers from rounded ones");
    }
}
