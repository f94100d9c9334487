package io.nightshift.jobs.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.tokenizer.PlacedTokens;
import io.nightshift.formats.tokenizer.TextTokenizer;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequencePackerTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(1, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    /** Each character is a token; 0 begins a text. */
    private record Characters(OptionalInt beginOfText) implements TextTokenizer {
        static final Characters WITH_BOS = new Characters(OptionalInt.of(0));
        static final Characters WITHOUT_BOS = new Characters(OptionalInt.empty());

        @Override
        public int[] encode(String text) {
            return text.chars().toArray();
        }

        @Override
        public PlacedTokens encodePlaced(String text) {
            int[] from = IntStream.range(0, text.length()).toArray();
            return new PlacedTokens(encode(text), from, IntStream.rangeClosed(1, text.length()).toArray());
        }

        @Override
        public void close() {}
    }

    @Test
    void putsABosBeforeEachDocumentAndCuts() throws IOException {
        Documents documents = documents("abc", "defgh");
        TokenSequences sequences = new SequencePacker(Characters.WITH_BOS, 256, 4).joinDocuments(documents, 10);
        assertEquals(2, sequences.sequences().size());
        assertArrayEquals(new int[] {0, 'a', 'b', 'c'}, sequences.sequences().get(0));
        assertArrayEquals(new int[] {0, 'd', 'e', 'f'}, sequences.sequences().get(1));
        assertEquals(8, sequences.tokens());

        TokenSequences without = new SequencePacker(Characters.WITHOUT_BOS, 256, 4).joinDocuments(documents, 1);
        assertEquals(1, without.sequences().size());
        assertArrayEquals(new int[] {'a', 'b', 'c', 'd'}, without.sequences().get(0));
    }

    @Test
    void replacesTheFirstTokenOfEachChunkAsLlamaImatrixDoes() throws IOException {
        TokenSequences sequences =
                new SequencePacker(Characters.WITH_BOS, 256, 3).chunksOfOneText(documents("abcdefgh\n"), 10);
        assertEquals(3, sequences.sequences().size());
        assertArrayEquals(new int[] {0, 'a', 'b'}, sequences.sequences().get(0));
        assertArrayEquals(new int[] {0, 'd', 'e'}, sequences.sequences().get(1));
        assertArrayEquals(new int[] {0, 'g', 'h'}, sequences.sequences().get(2));
    }

    @Test
    void tellsTextsAndTokensApartByTheirDigests() throws IOException {
        TokenSequences one = new SequencePacker(Characters.WITH_BOS, 256, 4).joinDocuments(documents("abcdefgh"), 10);
        TokenSequences other = new SequencePacker(Characters.WITH_BOS, 256, 4).joinDocuments(documents("abcdefgi"), 10);
        TokenSequences again = new SequencePacker(Characters.WITH_BOS, 256, 4).joinDocuments(documents("abcdefgh"), 10);
        assertEquals(one.digest(), again.digest());
        assertEquals(one.dataDigest(), again.dataDigest());
        assertNotEquals(one.dataDigest(), other.dataDigest());
        // The text differs in what was cut off.
        assertEquals(one.digest(), other.digest());
        assertNotEquals(one.digest(),
                new SequencePacker(Characters.WITHOUT_BOS, 256, 4).joinDocuments(documents("abcdefgh"), 10).digest());
    }

    @Test
    void refusesATokenizerThatDoesNotMatchAndTooLittleText() {
        InvalidModelException mismatch = assertThrows(InvalidModelException.class,
                () -> new SequencePacker(Characters.WITH_BOS, 100, 4).joinDocuments(documents("abcdefgh"), 10));
        assertTrue(mismatch.getMessage().contains("gives the token 100, and the model has 100"), mismatch.getMessage());
        InvalidModelException few = assertThrows(InvalidModelException.class,
                () -> new SequencePacker(Characters.WITH_BOS, 256, 64).joinDocuments(documents("abc"), 10));
        assertTrue(few.getMessage().contains("gives 3 tokens, which are too few for a sequence of 64"),
                few.getMessage());
        assertThrows(InvalidModelException.class,
                () -> new SequencePacker(Characters.WITH_BOS, 256, 6).chunksOfOneText(documents("abcdefgh"), 10));
    }

    private Documents documents(String... texts) throws IOException {
        for (int i = 0; i < texts.length; i++) {
            Texts.write(folder.resolve(texts[0].hashCode() + "/" + i + ".txt"), texts[i]);
        }
        TextData data = new TextData(List.of(folder + "/" + texts[0].hashCode()), "text", OptionalLong.empty());
        return Documents.open(data, new HadoopSettings(Map.of()), spark);
    }
}
