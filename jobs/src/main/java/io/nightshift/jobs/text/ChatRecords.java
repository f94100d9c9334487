package io.nightshift.jobs.text;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.xxhash64;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.Conversation;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.tasks.JobScope;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Records of chats: the lines of files of JSON lines, and the rows of Parquet files as JSON, in the order of
 * {@link Documents}, each with its place. What is in them is not looked at.
 */
public final class ChatRecords {
    private static final String RECORD = "record";
    private static final StructType PLACED = new StructType()
            .add(RECORD, DataTypes.StringType)
            .add("file", DataTypes.StringType)
            .add("line", DataTypes.LongType);

    private final JavaSparkContext spark;
    private final TextData data;
    private final HadoopSettings settings;
    private final List<DataFile> files;
    private final Set<DataFile> checked = new HashSet<>();

    private ChatRecords(JavaSparkContext spark, TextData data, HadoopSettings settings, List<DataFile> files) {
        this.spark = spark;
        this.data = data;
        this.settings = settings;
        this.files = files;
    }

    /** Takes records until it has enough. */
    interface Taker {
        /**
         * Takes the next record.
         *
         * @param record a line, not blank
         * @param where its file and line, for messages
         * @return whether another one is wanted
         */
        boolean take(String record, String where);
    }

    /**
     * Finds the files.
     *
     * @throws InvalidModelException if there are none, or one is neither JSON lines nor Parquet by its name
     * @throws IOException if a store does not answer or refuses
     */
    public static ChatRecords open(TextData data, HadoopSettings settings, JavaSparkContext spark) throws IOException {
        List<DataFile> files = DataFile.find(data.locations(), settings);
        for (DataFile file : files) {
            if (file.format() != DataFile.Format.JSON_LINES && file.format() != DataFile.Format.PARQUET) {
                throw new InvalidModelException(file.path() + ": --chat takes JSON lines (.jsonl) or Parquet whose records have"
                        + " messages, and this is another kind of file; leave out --chat, or give such files");
            }
        }
        return new ChatRecords(spark, data, settings, files);
    }

    /** The files' paths, in order. */
    public List<String> paths() {
        return files.stream().map(DataFile::path).toList();
    }

    /** The field with the messages. */
    String field() {
        return data.textColumn();
    }

    /** Where the records are, for messages. */
    String locations() {
        return String.join(", ", data.locations());
    }

    /**
     * Hands out records, blank lines left out.
     *
     * @throws InvalidModelException if there is none
     * @throws IOException if a file cannot be read
     */
    void read(Taker taker) throws IOException {
        try (JobScope scope = TextRows.scope(spark)) {
            long taken = data.shuffle().isPresent() ? readShuffled(taker) : readInOrder(taker);
            if (taken == 0) {
                throw new InvalidModelException(locations() + ": there is no record in it");
            }
        } catch (InvalidModelException e) {
            throw e;
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw StorageErrors.explain(locations(), e);
        }
    }

    private long readInOrder(Taker taker) throws IOException {
        long taken = 0;
        for (DataFile file : files) {
            try (TextReader lines = reader(file)) {
                long line = 0;
                for (String record = lines.next(); record != null; record = lines.next()) {
                    line++;
                    if (!record.isBlank()) {
                        taken++;
                        if (!take(taker, record, file, line)) {
                            return taken;
                        }
                    }
                }
            }
        }
        return taken;
    }

    private TextReader reader(DataFile file) throws IOException {
        return file.format() == DataFile.Format.JSON_LINES
                ? new Lines(file, settings)
                : new TableTexts(lines(TextRows.session(spark), file).toDF());
    }

    private boolean take(Taker taker, String record, DataFile file, long line) throws IOException {
        if (TextCheck.isSuspicious(file.format(), record) && checked.add(file)) {
            TextCheck.require(file, settings);
        }
        String unit = file.format() == DataFile.Format.PARQUET ? ", row " : ", line ";
        return taker.take(record, file.path() + unit + line);
    }

    private Dataset<String> lines(SparkSession session, DataFile file) {
        if (file.format() == DataFile.Format.JSON_LINES) {
            return session.read().textFile(file.sparkPath());
        }
        Dataset<Row> rows = session.read().parquet(file.sparkPath());
        List<String> columns = List.of(rows.columns());
        if (!columns.contains(data.textColumn())) {
            throw new InvalidModelException(file.path() + ": there is no column '" + data.textColumn() + "' but " + columns
                    + "; name the one with the messages with --text-column");
        }
        Column[] taken = Stream.concat(Stream.of(data.textColumn()), Conversation.OTHER_FIELDS.stream())
                .filter(columns::contains)
                .map(name -> col("`" + name.replace("`", "``") + "`"))
                .toArray(Column[]::new);
        // Fields that a message lacks are null in a column, which data sets of Hugging Face hand on as None.
        return rows.select(to_json(struct(taken), Map.of("ignoreNullFields", "false"))).as(Encoders.STRING());
    }

    private long readShuffled(Taker taker) throws IOException {
        SparkSession session = TextRows.session(spark);
        Dataset<Row> all = null;
        for (int i = 0; i < files.size(); i++) {
            String index = String.valueOf(i);
            JavaRDD<Row> placed = lines(session, files.get(i)).javaRDD().zipWithIndex()
                    .filter(line -> !line._1().isBlank())
                    .map(line -> RowFactory.create(line._1(), index, line._2() + 1));
            Dataset<Row> records = session.createDataFrame(placed, PLACED);
            all = all == null ? records : all.union(records);
        }
        Column key = xxhash64(lit(data.shuffle().getAsLong()), col(RECORD));
        Dataset<Row> shuffled = all.withColumn("key", key).orderBy(col("key"), col(RECORD), col("file"), col("line"));
        return TextRows.read(shuffled, row ->
                take(taker, row.getString(0), files.get(Integer.parseInt(row.getString(1))), row.getLong(2)));
    }
}
