package io.nightshift.jobs.text;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.Conversation;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.tasks.JobScope;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Documents. In order they come file by file, so that no more of a corpus is read than is asked for; Spark SQL, which takes
 * longer to start than most calibrations to read, reads tables alone. Shuffled, they come through it, by a hash of seed and
 * text: an order that depends neither on the cluster nor on how the texts are spread over files.
 */
public final class Documents {
    private static final String TEXT = "text";
    private static final int LINES_LOOKED_AT = 100;

    /** A text with anything but white space. */
    private static final Pattern USABLE = Pattern.compile("\\S");

    private final JavaSparkContext spark;
    private final TextData data;
    private final HadoopSettings settings;
    private final List<DataFile> files;
    private final Set<DataFile> checked = new HashSet<>();

    private Documents(JavaSparkContext spark, TextData data, HadoopSettings settings, List<DataFile> files) {
        this.spark = spark;
        this.data = data;
        this.settings = settings;
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
        return new Documents(spark, data, settings, DataFile.find(data.locations(), settings));
    }

    /**
     * The paths of the files that a location stands for, as Hadoop has them.
     *
     * @return sorted; none if there are none
     * @throws IOException if a store does not answer or refuses
     */
    public static List<String> files(String location, HadoopSettings settings) throws IOException {
        return DataFile.find(location, settings).stream().map(DataFile::path).distinct().sorted().toList();
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
        try (JobScope scope = TextRows.scope(spark)) {
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

    private long readInOrder(Taker taker) throws IOException {
        long taken = 0;
        for (DataFile file : files) {
            long before = taken;
            try (TextReader texts = reader(file)) {
                for (String text = texts.next(); text != null; text = texts.next()) {
                    if (!USABLE.matcher(text).find()) {
                        continue;
                    }
                    taken++;
                    if (TextCheck.isSuspicious(file.format(), text) && checked.add(file)) {
                        TextCheck.require(file, settings);
                    }
                    if (!taker.take(text)) {
                        return taken;
                    }
                }
            }
            if (taken == before) {
                requireColumnOfLines(file);
            }
        }
        return taken;
    }

    private TextReader reader(DataFile file) throws IOException {
        return switch (file.format()) {
            case TEXT -> new WholeText(file, settings);
            case JSON_LINES -> new JsonLines(file, data.textColumn(), settings);
            case PARQUET -> {
                ParquetColumns.requireText(file, data.textColumn(), settings);
                yield new ParquetTexts(file, data.textColumn(), settings);
            }
            case COMMA_SEPARATED, TAB_SEPARATED -> new TableTexts(texts(TextRows.session(spark), file));
        };
    }

    private long readShuffled(Taker taker) throws IOException {
        SparkSession session = TextRows.session(spark);
        Dataset<Row> all = null;
        for (DataFile file : files) {
            requireColumnOfLines(file);
            Dataset<Row> texts = usable(texts(session, file));
            all = all == null ? texts : all.union(texts);
        }
        if (all.takeAsList(2).size() == 1) {
            throw new InvalidModelException("--shuffle has no effect: there is one document alone; give JSON lines or"
                    + " Parquet, or several files");
        }
        Column key = xxhash64(lit(data.shuffle().getAsLong()), col(TEXT));
        Dataset<Row> shuffled = all.withColumn("key", key).orderBy(col("key"), col(TEXT)).select(TEXT);
        return TextRows.read(shuffled, row -> {
            requireText(row.getString(0));
            return taker.take(row.getString(0));
        });
    }

    /** Of a shuffled text it is not known which file it is of. */
    private void requireText(String text) throws IOException {
        for (DataFile file : files) {
            if (TextCheck.isSuspicious(file.format(), text) && checked.add(file)) {
                TextCheck.require(file, settings);
            }
        }
    }

    private Dataset<Row> texts(SparkSession session, DataFile file) throws IOException {
        return switch (file.format()) {
            case TEXT -> session.read().option("wholetext", true).text(file.sparkPath()).toDF(TEXT);
            case JSON_LINES -> session.read()
                    .option("mode", "FAILFAST")
                    .schema(textSchema())
                    .json(file.sparkPath())
                    .toDF(TEXT);
            case PARQUET -> {
                ParquetColumns.requireText(file, data.textColumn(), settings);
                // With a schema of its own no other column is looked at.
                yield session.read().schema(textSchema()).parquet(file.sparkPath()).toDF(TEXT);
            }
            case COMMA_SEPARATED, TAB_SEPARATED -> {
                Dataset<Row> table = table(session, file);
                requireColumn(file, List.of(table.columns()));
                yield table.select(column()).toDF(TEXT);
            }
        };
    }

    private StructType textSchema() {
        return new StructType().add(data.textColumn(), DataTypes.StringType);
    }

    /** A table as spreadsheets write it (RFC 4180): quoted cells may hold line ends, and quotes twice. */
    private static Dataset<Row> table(SparkSession session, DataFile file) {
        return session.read()
                .option("header", true)
                .option("multiLine", true)
                .option("escape", "\"")
                .option("sep", file.format() == DataFile.Format.TAB_SEPARATED ? "\t" : ",")
                .csv(file.sparkPath());
    }

    private static Dataset<Row> usable(Dataset<Row> texts) {
        return texts.filter(col(TEXT).isNotNull().and(col(TEXT).rlike(USABLE.pattern())));
    }

    /** JSON lines without the column have empty texts: is it there at all? */
    private void requireColumnOfLines(DataFile file) throws IOException {
        if (file.format() == DataFile.Format.JSON_LINES) {
            requireColumn(file, JsonLines.fields(file, LINES_LOOKED_AT, settings));
        }
    }

    private void requireColumn(DataFile file, Collection<String> columns) {
        if (!columns.contains(data.textColumn())) {
            throw new InvalidModelException(file.path() + ": there is no column '" + data.textColumn() + "' but "
                    + columns + "; name the one with the text with --text-column" + chatHint(columns));
        }
    }

    private static String chatHint(Collection<String> columns) {
        return columns.contains(Conversation.MESSAGES) ? ", or say --chat, if these are chats" : "";
    }

    private Column column() {
        return col("`" + data.textColumn().replace("`", "``") + "`");
    }

    private IOException failure(Exception thrown) throws IOException {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.contains("MALFORMED_RECORD") || message.contains("_CORRUPT_RECORD")) {
                for (DataFile file : files) {
                    if (file.format() == DataFile.Format.JSON_LINES) {
                        TextCheck.require(file, settings);
                    }
                }
                throw new InvalidModelException(
                        String.join(", ", data.locations()) + ": a line is no JSON object; JSON lines are wanted",
                                thrown);
            }
        }
        return StorageErrors.explain(String.join(", ", data.locations()), thrown);
    }
}
