package io.nightshift.jobs.text;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Documents, read through Spark SQL. In order they come file by file and partition by partition, so that no more of a
 * corpus is read than is asked for. Shuffled, they come by a hash of seed and text: an order that depends neither on
 * the
 * cluster nor on how the texts are spread over files.
 */
public final class Documents {
    private static final String TEXT = "text";
    private static final int LINES_LOOKED_AT = 100;

    private final SparkSession session;
    private final TextData data;
    private final List<DataFile> files;

    private Documents(SparkSession session, TextData data, List<DataFile> files) {
        this.session = session;
        this.data = data;
        this.files = files;
    }

    /** Takes documents until it has enough. */
    public interface Taker {
        /**
         * Takes the next document.
         *
         * @param text not blank
         * @return whether another one is wanted
         */
        boolean take(String text);
    }

    /**
     * Finds the files.
     *
     * @throws InvalidModelException if there are none
     * @throws IOException if a store does not answer or refuses
     */
    public static Documents open(TextData data, HadoopSettings settings, JavaSparkContext spark) throws IOException {
        SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate();
        return new Documents(session, data, DataFile.find(data.locations(), settings));
    }

    /** The files' paths, in order. */
    public List<String> paths() {
        return files.stream().map(DataFile::path).toList();
    }

    /**
     * Hands out documents, blank ones left out.
     *
     * @throws InvalidModelException if a file cannot be understood, has no such column, or there is no text at all
     * @throws IOException if a file cannot be read
     */
    public void read(Taker taker) throws IOException {
        try {
            long taken = data.shuffle().isPresent() ? readShuffled(taker) : readInOrder(taker);
            if (taken == 0) {
                throw new InvalidModelException(String.join(", ", data.locations())
                        + ": no usable text; every document is empty");
            }
        } catch (InvalidModelException e) {
            throw e;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw failure(e);
        }
    }

    private long readInOrder(Taker taker) {
        long taken = 0;
        for (DataFile file : files) {
            long before = taken;
            Iterator<Row> rows = usable(texts(file)).toLocalIterator();
            while (rows.hasNext()) {
                taken++;
                if (!taker.take(rows.next().getString(0))) {
                    return taken;
                }
            }
            if (taken == before) {
                requireColumn(file);
            }
        }
        return taken;
    }

    private long readShuffled(Taker taker) {
        Dataset<Row> all = null;
        for (DataFile file : files) {
            requireColumn(file);
            Dataset<Row> texts = usable(texts(file));
            all = all == null ? texts : all.union(texts);
        }
        long documents = all.count();
        if (documents == 1) {
            throw new InvalidModelException("--shuffle has no effect: there is one document alone; give JSON lines or"
                    + " Parquet, or several files");
        }
        Column key = xxhash64(lit(data.shuffle().getAsLong()), col(TEXT));
        Dataset<Row> shuffled = all.withColumn("key", key).orderBy(col("key"), col(TEXT)).select(TEXT);
        // The first rows alone are mostly enough, and need no sorting of everything.
        long taken = 0;
        for (int limit = 1024; ; limit *= 4) {
            List<Row> rows = shuffled.limit(limit).collectAsList();
            for (; taken < rows.size(); taken++) {
                if (!taker.take(rows.get((int) taken).getString(0))) {
                    return taken + 1;
                }
            }
            if (rows.size() < limit || limit > Integer.MAX_VALUE / 4) {
                return taken;
            }
        }
    }

    private Dataset<Row> texts(DataFile file) {
        return switch (file.format()) {
            case TEXT -> session.read().option("wholetext", true).text(file.sparkPath()).toDF(TEXT);
            case JSON_LINES -> session.read()
                    .option("mode", "FAILFAST")
                    .schema(new StructType().add(data.textColumn(), DataTypes.StringType))
                    .json(file.sparkPath())
                    .toDF(TEXT);
            case PARQUET -> {
                requireColumn(file);
                yield session.read().parquet(file.sparkPath()).select(column()).toDF(TEXT);
            }
        };
    }

    private static Dataset<Row> usable(Dataset<Row> texts) {
        return texts.filter(col(TEXT).isNotNull().and(col(TEXT).rlike("\\S")));
    }

    /** A file whose rows have no text: is the column there at all? */
    private void requireColumn(DataFile file) {
        List<String> columns;
        if (file.format() == DataFile.Format.TEXT) {
            return;
        } else if (file.format() == DataFile.Format.PARQUET) {
            StructType schema = session.read().parquet(file.sparkPath()).schema();
            columns = Arrays.asList(schema.fieldNames());
            if (columns.contains(data.textColumn())
                    && !schema.apply(data.textColumn()).dataType().equals(DataTypes.StringType)) {
                throw new InvalidModelException(file.path() + ": the column '" + data.textColumn() + "' holds "
                        + schema.apply(data.textColumn()).dataType().simpleString() + " and no text");
            }
        } else {
            Dataset<String> lines = session.read().textFile(file.sparkPath()).limit(LINES_LOOKED_AT);
            columns = Arrays.asList(session.read().json(lines).columns());
        }
        if (!columns.contains(data.textColumn())) {
            throw new InvalidModelException(file.path() + ": there is no column '" + data.textColumn() + "' but "
                    + columns + "; name the one with the text with --text-column");
        }
    }

    private Column column() {
        return col("`" + data.textColumn().replace("`", "``") + "`");
    }

    private IOException failure(Exception thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("MALFORMED_RECORD") || message.contains("_CORRUPT_RECORD")) {
                throw new InvalidModelException(
                        String.join(", ", data.locations()) + ": a line is no JSON object; JSON lines are wanted",
                                thrown);
            }
        }
        return StorageErrors.explain(String.join(", ", data.locations()), thrown);
    }
}
