package io.nightshift.jobs.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());

    private static final String LINES = "\ufeff{\"text\": \"behind a mark\", \"id\": 1}\n"
            + "{\"id\": {\"text\": \"within\"}, \"text\": \"line\\nend, \\u00e9, \\ud83d\\ude00\"}\r\n"
            + "\n   \n"
            + "{\"text\": null}\n{\"other\": \"none\"}\n{}\n"
            + "{\"text\": 12}\n{\"text\": 1.50e3}\n{\"text\": true}\n"
            + "{\"text\": {\"b\": [1, 2.0], \"a\": \"x\"}}\n{\"text\": [\"p\", \"q\"]}\n"
            + "{'text': 'single'}\r{\"text\": NaN}\n"
            + "[{\"text\": \"first of a list\"}, {\"text\": \"second\"}]\n[]\n"
            + "{\"text\": \"\"}\n{\"text\": \"the last has no end\"}";

    @TempDir
    Path folder;

    @Test
    void areReadAsSparkReadsThem() throws IOException {
        Path file = Files.write(folder.resolve("a.jsonl"), LINES.getBytes(StandardCharsets.UTF_8));
        List<String> expected;
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            expected = TextRows.session(spark).read().option("mode", "FAILFAST")
                    .schema(new StructType().add("text", DataTypes.StringType)).json(file.toString())
                    .collectAsList().stream().filter(row -> !row.isNullAt(0)).map((Row row) -> row.getString(0)).toList();
        }
        assertEquals(13, expected.size(), expected.toString());
        assertEquals(expected, texts(file));
    }

    @Test
    void areDecompressed() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int member = 0; member < 2; member++) {
            try (OutputStream out = new GZIPOutputStream(bytes)) {
                out.write(("{\"text\": \"" + member + "\"}\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        assertEquals(List.of("0", "1"), texts(Files.write(folder.resolve("a.jsonl.gz"), bytes.toByteArray())));
    }

    @Test
    void areRefusedByTheirNumber() throws IOException {
        for (String line : List.of("{\"text\": \"cut", "{\"text\": \"a\"} {\"text\": \"b\"}", "\"text\"", "null", "[1]",
                "{\"text\": \"a\",}")) {
            Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\": \"whole\"}\n\n" + line + "\n");
            assertEquals(file.toUri().toString().replace("///", "/") + ": line 3 is no JSON object; JSON lines are wanted",
                    assertThrows(InvalidModelException.class, () -> texts(file), line).getMessage());
        }
    }

    @Test
    void tellTheNamesOfTheirFields() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"b\": {\"c\": 1}}\n{\"a\": 2}\n{\"d\": 3}\n");
        assertEquals(Set.of("a", "b"), JsonLines.fields(file(file), 2, SETTINGS));
    }

    private static List<String> texts(Path path) throws IOException {
        List<String> texts = new ArrayList<>();
        try (JsonLines lines = new JsonLines(file(path), "text", SETTINGS)) {
            for (String text = lines.next(); text != null; text = lines.next()) {
                texts.add(text);
            }
        }
        return texts;
    }

    private static DataFile file(Path path) throws IOException {
        return DataFile.find(path.toString(), SETTINGS).get(0);
    }
}
