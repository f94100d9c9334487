package io.nightshift.jobs.batch.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateTableTest {
    @TempDir
    private Path folder;

    private StateTable table() throws Exception {
        return new StateTable(NightFiles.open(folder.toString(), new HadoopSettings(Map.of())));
    }

    static OutputState complete(String model, String target) {
        return new OutputState("night-1", model, target, OutputStatus.COMPLETE, model + "/" + model + "-Q4_K_M.gguf",
                4_000_000_000L, 12.5, 80.25, OptionalDouble.of(4.85),
                Optional.of(new OutputState.Quality(0.0021, 0.0001, 0.09, 0.97, 8.13, 0.05)),
                Map.of("a.gguf", "ab".repeat(32)), "");
    }

    static OutputState failed(String model, String target) {
        return new OutputState("night-1", model, target, OutputStatus.FAILED, "", 0, 0, 0, OptionalDouble.empty(),
                Optional.empty(), Map.of(), "model.safetensors: truncated; copy it again");
    }

    @Test
    void rowsAreReadAsTheyWereWritten() throws Exception {
        OutputState made = complete("llama", "gguf:Q4_K_M");
        OutputState failed = failed("qwen", "awq");
        table().write(made);
        table().write(failed);
        assertEquals(Optional.of(failed), table().read("qwen", "awq"));
        assertEquals(Optional.of(made), table().read("llama", "gguf:Q4_K_M"));
        assertEquals(Optional.empty(), table().read("llama", "awq"));
    }

    @Test
    void aRowReplacesAnEarlierOneOfTheSameOutput() throws Exception {
        table().write(failed("llama", "gguf:Q4_K_M"));
        table().write(complete("llama", "gguf:Q4_K_M"));
        assertEquals(Optional.of(complete("llama", "gguf:Q4_K_M")), table().read("llama", "gguf:Q4_K_M"));
    }

    @Test
    void sparkTakesTheFolderForOneTable() throws Exception {
        table().write(complete("llama", "gguf:Q4_K_M"));
        table().write(failed("qwen", "awq"));
        try (SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
                .getOrCreate()) {
            List<Row> rows = spark.read().option("recursiveFileLookup", true).parquet(folder.resolve("state").toString())
                    .selectExpr("model", "kld_999", "digests['a.gguf']", "error").orderBy("model").collectAsList();
            assertEquals(0.09, rows.get(0).getDouble(1));
            assertEquals("ab".repeat(32), rows.get(0).getString(2));
            assertTrue(rows.get(1).isNullAt(1));
            assertEquals("model.safetensors: truncated; copy it again", rows.get(1).getString(3));
        }
    }

    @Test
    void aBrokenFileIsNamed() throws Exception {
        Files.createDirectories(folder.resolve("state/llama"));
        Files.writeString(folder.resolve("state/llama/awq.parquet"), "PAR1 and no more");
        StorageException error = assertThrows(StorageException.class, () -> table().read("llama", "awq"));
        assertEquals(folder.resolve("state/llama/awq.parquet") + ": is no state of an output; delete it and run again",
                error.getMessage());
    }
}
