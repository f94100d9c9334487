package io.nightshift.formats.logits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BaseLogitsTest {
    @TempDir
    Path folder;

    @Test
    void laysOutAFileAsLlamaPerplexityDoes() throws IOException {
        BaseLogits file = new BaseLogits(5, 3, 2);
        // A context of 5: tokens 3 and 4 are predicted. A row of 3 tokens has room for a fourth.
        assertEquals(2, BaseLogits.scored(5));
        assertEquals(16, file.rowBytes());
        assertEquals(20 + 40 + 16, file.position(1));
        assertEquals(20 + 40 + 4 * 16, file.length());
        List<int[]> tokens = List.of(new int[] {1, 2, 0, 1, 2}, new int[] {2, 1, 0, 2, 300});
        byte[] head = file.head(tokens);
        ByteBuffer in = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("_logits_", new String(head, 0, 8));
        assertEquals(List.of(5, 3, 2, 1), List.of(in.getInt(8), in.getInt(12), in.getInt(16), in.getInt(20)));

        write(Arrays.copyOf(head, (int) file.length()));
        assertEquals(file, read());
        List<int[]> found = file.readTokens(new LocalFolder(folder), stored(), 2);
        assertArrayEquals(tokens.get(1), found.get(1));
        assertEquals(1, file.readTokens(new LocalFolder(folder), stored(), 1).size());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 17, 1000})
    void keepsLogProbabilitiesWithinHalfAStep(int vocabulary) {
        Random random = new Random(vocabulary);
        float[] logits = new float[vocabulary + 2];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian() * 1.5f;
        }
        double logSum = logSum(logits, 2, vocabulary);
        float[] read = through(logits, 2, vocabulary, logSum);
        for (int i = 0; i < vocabulary; i++) {
            assertEquals(logits[2 + i] - logSum, read[i], 1.3e-4, "token " + i);
        }
    }

    /** Numbers of perplexity.cpp's own arithmetic: a step is (4 - -12) / 65535, and what is below -12 is -12. */
    @Test
    void cutsOffWhatIsSixteenNatsBelowTheBest() {
        float[] logits = {4, -12.5f, -30, 0};
        double logSum = logSum(logits, 0, 4);
        byte[] row = new byte[16];
        LogitsRow.encode(logits, 0, 4, logSum, row);
        ByteBuffer in = ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(16 / 65535f, in.getFloat(0));
        assertEquals(-12 - logSum, in.getFloat(4), 1e-5);
        assertEquals(65535, in.getShort(8) & 0xffff);
        assertEquals(0, in.getShort(10));
        assertEquals(0, in.getShort(12));
        assertEquals(49151, in.getShort(14) & 0xffff);
        float[] read = new float[4];
        LogitsRow.decode(row, 0, 4, read, 0);
        assertTrue(read[1] <= LogitsRow.LEAST_COUNTED && read[3] > LogitsRow.LEAST_COUNTED, Arrays.toString(read));
    }

    @Test
    void tokensThatAreAllAlikeHaveNoStep() {
        float[] read = through(new float[] {2, 2, 2, 2}, 0, 4, 2 + Math.log(4));
        assertArrayEquals(new float[] {read[0], read[0], read[0], read[0]}, read);
        assertEquals(-Math.log(4), read[0], 1e-6);
    }

    @Test
    void refusesARowThatIsNoPrediction() {
        for (float[] head : new float[][] {{0, 0}, {Float.NaN, -1}, {1, -1}, {-1e-4f, -1}, {1e-9f, -20}, {0, Float.NaN}}) {
            byte[] row = new byte[16];
            ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN).putFloat(head[0]).putFloat(head[1]).putShort((short) 40000);
            InvalidModelException refused = assertThrows(InvalidModelException.class,
                    () -> LogitsRow.decode(row, 0, 4, new float[4], 0), Arrays.toString(head));
            assertTrue(refused.getMessage().contains("cannot be those of a prediction"), refused.getMessage());
        }
    }

    @Test
    void refusesWhatIsNoSuchFileOrNotAWholeOne() throws IOException {
        BaseLogits file = new BaseLogits(5, 3, 2);
        byte[] whole = Arrays.copyOf(file.head(List.of(new int[5], new int[5])), (int) file.length());
        write(Arrays.copyOf(whole, whole.length - 1));
        assertRefused("has 123 bytes, where 2 chunks of 5 tokens, of a vocabulary of 3, take 124: what wrote it did not come"
                + " to its end; write it again");
        write(Arrays.copyOf(whole, whole.length + 1));
        assertRefused("take 124: the file is damaged");
        write("GGUF and more than twenty bytes".getBytes());
        assertRefused("not a base-logits file of llama-perplexity; it is a GGUF file");
        write(new byte[3]);
        assertRefused("not a base-logits file");
        byte[] damaged = whole.clone();
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(16, -1);
        write(damaged);
        assertRefused("claims -1 chunks of 5 tokens");
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(8, Integer.MAX_VALUE).putInt(12, Integer.MAX_VALUE / 4)
                .putInt(16, Integer.MAX_VALUE);
        write(damaged);
        assertRefused("more than any file has");
    }

    private static float[] through(float[] logits, int from, int vocabulary, double logSum) {
        byte[] row = new byte[LogitsRow.bytes(vocabulary)];
        LogitsRow.encode(logits, from, vocabulary, logSum, row);
        float[] read = new float[vocabulary];
        LogitsRow.decode(row, 0, vocabulary, read, 0);
        return read;
    }

    private static double logSum(float[] logits, int from, int vocabulary) {
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            sum += Math.exp(logits[from + i]);
        }
        return Math.log(sum);
    }

    private void assertRefused(String message) {
        InvalidModelException refused = assertThrows(InvalidModelException.class, this::read);
        assertTrue(refused.getMessage().startsWith(folder + "/base.logits: "), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    private void write(byte[] content) throws IOException {
        Files.write(folder.resolve("base.logits"), content);
    }

    private StoredFile stored() throws IOException {
        return new LocalFolder(folder).find("base.logits").orElseThrow();
    }

    private BaseLogits read() throws IOException {
        return BaseLogits.read(new LocalFolder(folder), stored());
    }
}
