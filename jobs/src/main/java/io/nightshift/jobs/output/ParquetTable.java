package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** A small table for people and their notebooks, as a Parquet folder of one file. */
public final class ParquetTable {
    private ParquetTable() {}

    /**
     * Makes the folder of a table that is written when the work is done: a folder that cannot be made is found out
     * before the work begins.
     *
     * @throws StorageException if it cannot be made
     */
    public static void prepare(StorageLocation folder, HadoopSettings settings) throws IOException {
        StorageProbe.prepare(folder, settings);
    }

    /** Writes a table, in place of one that is there. */
    public static void write(List<Row> rows, StructType columns, StorageLocation folder, JavaSparkContext spark) {
        write(rows, columns, path(folder), spark);
    }

    /** Writes a table below a folder, in place of one that is there. */
    public static void write(
            List<Row> rows, StructType columns, StorageLocation folder, String name, JavaSparkContext spark) {
        write(rows, columns, path(folder) + "/" + name, spark);
    }

    private static void write(List<Row> rows, StructType columns, String path, JavaSparkContext spark) {
        SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate();
        session.createDataFrame(rows, columns).coalesce(1).write().mode(SaveMode.Overwrite).parquet(path);
    }

    private static String path(StorageLocation folder) {
        return folder.hadoopPath().toString();
    }
}
