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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentsTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of());
        SparkSession.builder().config(spark.getConf()).getOrCreate().conf().set("spark.sql.files.maxPartitionBytes",
                "2000");
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
        assertEquals(List.of("first line\n\nsecond line\n", "another"), read(folder.toString(), OptionalLong.empty(),
                10));
    }

    @Test
    void comeFromParquetAndAreLeftOutWhereBlank() throws IOException {
        List<String> texts = new ArrayList<>(documents(7, 20));
        texts.add(3, "  ");
        texts.add(5, null);
        SparkSession.builder().config(spark.getConf()).getOrCreate()
                .createDataset(texts, Encoders.STRING()).toDF("body").coalesce(1)
                .write().parquet(folder.resolve("data").toString());
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
        assertRefused(data("broken"), "a line is no JSON object");

        Texts.write(folder.resolve("one/a.txt"), "text");
        assertRefused(new TextData(List.of(folder + "/one"), "text", OptionalLong.of(1)), "--shuffle has no effect");
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
