package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetTableTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());

    @TempDir
    Path folder;

    private static ParquetTable table(int rows) {
        ParquetTable table = new ParquetTable("""
                required binary model (STRING); required int32 layer; required int64 tokens; optional double share;
                required boolean pooled;
                """);
        for (int i = 0; i < rows; i++) {
            table.add("tiny", i, 1L << 40, i == 0 ? null : 0.1 * i, i == 1);
        }
        return table;
    }

    @Test
    void sparkReadsTheFolderAndSeesTheLastTableAlone() throws IOException {
        String table = folder.resolve("some/table").toString();
        for (int rows : List.of(5, 2)) {
            ParquetTable.prepare(table, SETTINGS);
            table(rows).write(table, SETTINGS);
        }
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            List<Row> read = SparkSession.builder().config(spark.getConf()).getOrCreate().read().parquet(table)
                    .orderBy("layer").collectAsList();
            assertEquals(List.of(RowFactory.create("tiny", 0, 1L << 40, null, false),
                    RowFactory.create("tiny", 1, 1L << 40, 0.1, true)), read);
        }
    }

    /** The library's own order of a column's encodings is another one from process to process. */
    @Test
    void theSameRowsAreTheSameBytes() throws IOException {
        byte[] file = table(5).toBytes();
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int footer = bytes.getInt(file.length - 8);
        FileMetaData metadata = Util.readFileMetaData(new ByteArrayInputStream(file, file.length - 8 - footer, footer));
        for (ColumnChunk column : metadata.getRow_groups().get(0).getColumns()) {
            List<Encoding> encodings = column.getMeta_data().getEncodings();
            assertTrue(encodings.size() > 1, encodings.toString());
            assertEquals(encodings.stream().sorted().toList(), encodings);
        }
    }

    @Test
    void aTableWithoutRowsIsReadToo() throws IOException {
        String table = folder.resolve("table").toString();
        table(0).write(table, SETTINGS);
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            assertEquals(0, SparkSession.builder().config(spark.getConf()).getOrCreate().read().parquet(table).count());
        }
    }

    @Test
    void whatIsNoTableStaysAndIsNamedBeforeTheWork() throws IOException {
        Path users = Files.writeString(folder.resolve("part-00000.snappy.parquet"), "the user's");
        StorageException e =
                assertThrows(StorageException.class, () -> ParquetTable.prepare(folder.toString(), SETTINGS));
        assertEquals(folder + ": holds part-00000.snappy.parquet, which is no table of nightshift's; give a folder that the"
                + " table has for itself", e.getMessage());
        assertEquals("the user's", Files.readString(users));
    }

    @Test
    void nothingIsMadeBeforeThereIsATable() throws IOException {
        ParquetTable.prepare(folder.resolve("a/b").toString(), SETTINGS);
        assertFalse(Files.exists(folder.resolve("a")));
    }

    @Test
    void aTableThatCannotBeWrittenIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        String table = file.resolve("table").toString();
        assertThrows(StorageException.class, () -> ParquetTable.prepare(table, SETTINGS));
        IOException e = assertThrows(IOException.class, () -> table(1).write(table, SETTINGS));
        assertTrue(e.getMessage().startsWith(table + ": "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }
}
