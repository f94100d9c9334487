package io.nightshift.jobs.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

class DocumentsTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of("spark.sql.files.maxPartitionBytes", "2000"));
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    @Test
    void comeInTheOrderOfTheFilesAndTheirLinesAlsoFromSeveralPartitions() throws IOException {
        List<String> all = documents(0, 300);
        Texts.writeJsonLines(folder.resolve("b.jsonl"), all.subList(150, 300));
        Texts.writeJsonLines(folder.resolve("a.jsonl"), all.subList(0, 150));
        assertTrue(Files.size(folder.resolve("a.jsonl")) > 10_000);
        assertEquals(all, read(folder + "/*.jsonl", OptionalLong.empty(), 1000));
        assertEquals(all.subList(0, 170), read(folder.toString(), OptionalLong.empty(), 170));
    }

    @Test
    void takeAFileOfTextForOneDocument() throws IOException {
        Texts.write(folder.resolve("one.txt"), "first line\n\nsecond line\n");
        Texts.write(folder.resolve("two.md"), "another");
        Files.createDirectories(folder.resolve(".nightshift"));
        Texts.write(folder.resolve(".nightshift/three.txt"), "hidden with its folder");
        assertEquals(List.of("first line\n\nsecond line\n", "another"), read(folder.toString(), OptionalLong.empty(),
                10));
    }

    @Test
    void comeFromParquetAndAreLeftOutWhereBlank() throws IOException {
        List<String> texts = new ArrayList<>(documents(7, 20));
        texts.add(3, "  ");
        texts.add(5, null);
        writeParquet(texts, "body");
        List<String> usable = documents(7, 20);
        assertEquals(usable, read(new TextData(
                List.of(folder.resolve("data").toString()), "body", OptionalLong.empty()), 100));
        assertRefused(new TextData(List.of(folder.resolve("data").toString()), "text", OptionalLong.empty()),
                "no column 'text' but [body]; name the one with the text with --text-column");
    }

    @Test
    void areShuffledAlikeHoweverTheyAreSpreadOverFiles() throws IOException {
        List<String> all = documents(0, 60);
        Texts.writeJsonLines(folder.resolve("one/all.jsonl"), all);
        Texts.writeJsonLines(folder.resolve("two/second.jsonl"), all.subList(0, 25));
        Texts.writeJsonLines(folder.resolve("two/first.jsonl"), all.subList(25, 60));
        List<String> one = read(folder + "/one", OptionalLong.of(5), 60);
        assertEquals(one, read(folder + "/two", OptionalLong.of(5), 60));
        assertEquals(new HashSet<>(all), new HashSet<>(one));
        assertNotEquals(all, one);
        assertNotEquals(one, read(folder + "/one", OptionalLong.of(6), 60));
        assertEquals(one.subList(0, 7), read(folder + "/one", OptionalLong.of(5), 7));
    }

    @Test
    void refuseAFolderOfStatistics() throws IOException {
        Texts.write(folder.resolve("stats/calibration.json"), "{}");
        Texts.write(folder.resolve("stats/imatrix.gguf"), "GGUF");
        assertRefused(new TextData(List.of(folder + "/stats"), "text", OptionalLong.empty()),
                "/stats: is a folder of statistics, not of texts; quantize takes it with --stats");
    }

    @Test
    void refuseWhatCannotBeUsed() throws IOException {
        TextData nothing = new TextData(List.of(folder + "/*.txt"), "text", OptionalLong.empty());
        InvalidModelException error = assertThrows(
                InvalidModelException.class, () -> Documents.open(nothing, new HadoopSettings(Map.of()), spark));
        assertTrue(error.getMessage().contains("there is no such file"), error.getMessage());

        Texts.write(folder.resolve("blank/a.txt"), " \n ");
        assertRefused(data("blank"), "no usable text");

        Texts.writeJsonLines(folder.resolve("lines/a.jsonl"), documents(1, 3));
        assertRefused(new TextData(List.of(folder + "/lines"), "body", OptionalLong.empty()),
                "no column 'body' but [id, text]; name the one with the text with --text-column");

        Texts.write(folder.resolve("broken/a.jsonl"), "{\"text\": \"whole\"}\n{\"text\": \"cut\n");
        assertRefused(data("broken"), "broken/a.jsonl: line 2 is no JSON object; JSON lines are wanted");

        Texts.write(folder.resolve("one/a.txt"), "text");
        assertRefused(new TextData(List.of(folder + "/one"), "text", OptionalLong.of(1)), "--shuffle has no effect");
    }

    /** Spark wants to understand all columns of a file whose schema it is not given. */
    @Test
    void ofAParquetFileTheNamedColumnAloneIsRead() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message m { required binary text (STRING);"
                + " required fixed_len_byte_array(2) score; required binary Text (STRING); required int64 number; }");
        Path file = folder.resolve("columns.parquet");
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                .withType(schema).build()) {
            for (String text : documents(3, 5)) {
                writer.write(new SimpleGroupFactory(schema).newGroup().append("text", text)
                        .append("score", Binary.fromConstantByteArray(new byte[] {0, 60})).append("Text", "another")
                        .append("number", 7L));
            }
        }
        assertEquals(documents(3, 5), read(file.toString(), OptionalLong.empty(), 10));
        assertEquals("another", read(new TextData(List.of(file.toString()), "Text", OptionalLong.empty()), 1).get(0));
        assertRefused(new TextData(List.of(file.toString()), "number", OptionalLong.empty()),
                "columns.parquet: the column 'number' holds INT64 and no text");
        assertRefused(new TextData(List.of(file.toString()), "score", OptionalLong.empty()),
                "the column 'score' holds FIXED_LEN_BYTE_ARRAY and no text");
        assertRefused(new TextData(List.of(file.toString()), "TEXT", OptionalLong.empty()),
                "there is no column 'TEXT' but [text, score, Text, number]; name the one");
        Files.write(folder.resolve("no.parquet"), "PAR1 and nothing else".getBytes());
        assertRefused(new TextData(List.of(folder + "/no.parquet"), "text", OptionalLong.empty()), "no.parquet");
    }

    @Test
    void ofJsonLinesKeysThatDifferInCaseAreTwo() throws IOException {
        Texts.write(folder.resolve("a.jsonl"), "{\"text\": \"one\", \"Text\": \"other\"}\n");
        assertEquals(List.of("one"), read(folder + "/a.jsonl", OptionalLong.empty(), 10));
    }

    @Test
    void ofATableTheNamedColumnIsTheText() throws IOException {
        Texts.write(folder.resolve("a.csv"), "id,text\n1,\"one, \"\"two\"\"\nthree\"\n2,four\n");
        assertEquals(List.of("one, \"two\"\nthree", "four"), read(folder + "/a.csv", OptionalLong.empty(), 10));
        Texts.write(folder.resolve("b.tsv"), "id\ttext\n1\tone, two\n");
        assertEquals(List.of("one, two"), read(folder + "/b.tsv", OptionalLong.empty(), 10));
        assertRefused(new TextData(List.of(folder + "/a.csv"), "body", OptionalLong.empty()),
                "no column 'body' but [id, text]; name the one with the text with --text-column");
    }

    /** Spark puts replacement characters where there is no UTF-8. */
    @Test
    void whatIsNoTextIsRefusedByFileAndPlace() throws IOException {
        byte[] latin1 = "na\u00efve caf\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(folder.resolve("latin1.txt"), latin1);
        assertRefused(file("latin1.txt"), "latin1.txt: is no text in UTF-8: byte 0xef at offset 2 begins no character");

        byte[] random = new byte[5000];
        new Random(1).nextBytes(random);
        Files.write(folder.resolve("random.bin"), random);
        assertRefused(file("random.bin"), "random.bin: is no text");

        Files.write(folder.resolve("weights"), ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(92)
                .put("{\"a\": {}}".getBytes()).array());
        assertRefused(file("weights"), "weights: is no text: there is a zero byte at offset 1; give text in UTF-8");

        Files.writeString(folder.resolve("pointer.txt"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
        assertRefused(file("pointer.txt"), "pointer.txt: is no text, but a Git LFS pointer and not the content");

        // Far behind the first block that is read, within a character, in a compressed file, in JSON lines.
        byte[] cut = Arrays.copyOf("a".repeat(100_000).getBytes(), 100_001);
        cut[100_000] = (byte) 0xc3;
        Files.write(folder.resolve("cut.txt"), cut);
        assertRefused(file("cut.txt"), "cut.txt: is no text in UTF-8: byte 0xc3 at offset 100000 begins");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("packed.txt.gz")))) {
            out.write(latin1);
        }
        assertRefused(file("packed.txt.gz"), "packed.txt.gz: is no text in UTF-8: byte 0xef at offset 2");
        Files.write(folder.resolve("lines.jsonl"), "{\"text\": \"na\u00efve\"}\n".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(file("lines.jsonl"), "lines.jsonl: is no text in UTF-8: byte 0xef at offset 12");
        assertRefused(new TextData(List.of(folder + "/lines.jsonl", folder + "/latin1.txt"), "text", OptionalLong.of(1)),
                "is no text in UTF-8");
    }

    @Test
    void aReplacementCharacterThatIsInTheTextIsTaken() throws IOException {
        Texts.write(folder.resolve("a.txt"), "a \ufffd b");
        assertEquals(List.of("a \ufffd b"), read(folder + "/a.txt", OptionalLong.empty(), 10));
    }

    @Test
    void aReplacementCharacterInAParquetFileIsTakenToo() throws IOException {
        writeParquet(List.of("a \ufffd b", "c"), "text");
        assertEquals(List.of("a \ufffd b", "c"), read(folder + "/data", OptionalLong.empty(), 10));
        assertEquals(Set.of("a \ufffd b", "c"), new HashSet<>(read(folder + "/data", OptionalLong.of(1), 10)));
    }

    @Test
    void theSessionOfTheCallerKeepsItsSettings() throws IOException {
        SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate();
        Map<String, String> settings = CollectionConverters.asJava(session.conf().getAll());
        Texts.write(folder.resolve("a.txt"), "text");
        read(folder + "/a.txt", OptionalLong.empty(), 10);
        assertEquals(settings, CollectionConverters.asJava(session.conf().getAll()));
    }

    @Test
    void comeFromAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            List<String> all = documents(0, 10);
            s3.put("corpus/a.jsonl", Files.readAllBytes(Texts.writeJsonLines(folder.resolve("a.jsonl"), all.subList(0,
                    4))));
            s3.put("corpus/b.jsonl", Files.readAllBytes(Texts.writeJsonLines(folder.resolve("b.jsonl"), all.subList(4,
                    10))));
            // Spark SQL takes the session's configuration.
            s3.hadoopOptions().forEach((key, value) -> spark.hadoopConfiguration().set(key, value));
            SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate().newSession();
            SparkSession.setActiveSession(session);
            List<String> read = new ArrayList<>();
            Documents.open(new TextData(List.of(s3.location("corpus/*.jsonl")), "text", OptionalLong.empty()),
                            s3.settings(), spark)
                    .read(read::add);
            assertEquals(all, read);
        } finally {
            SparkSession.clearActiveSession();
        }
    }

    private void writeParquet(List<String> texts, String column) {
        SparkSession.builder().config(spark.getConf()).getOrCreate()
                .createDataset(texts, Encoders.STRING()).toDF(column).coalesce(1)
                .write().parquet(folder.resolve("data").toString());
    }

    private TextData file(String name) {
        return new TextData(List.of(folder + "/" + name), "text", OptionalLong.empty());
    }

    private TextData data(String name) {
        return new TextData(List.of(folder + "/" + name), "text", OptionalLong.empty());
    }

    private void assertRefused(TextData data, String message) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> read(data, 10));
        assertTrue(error.getMessage().contains(message), error.getMessage());
    }

    private static List<String> read(String location, OptionalLong shuffle, int limit) throws IOException {
        return read(new TextData(List.of(location), "text", shuffle), limit);
    }

    private static List<String> read(TextData data, int limit) throws IOException {
        List<String> texts = new ArrayList<>();
        Documents.open(data, new HadoopSettings(Map.of()), spark).read(text -> {
            texts.add(text);
            return texts.size() < limit;
        });
        return texts;
    }

    private static List<String> documents(int seed, int count) {
        return IntStream.range(0, count).mapToObj(i -> i + " " + Texts.document(seed + i, 20)).toList();
    }
}
