package io.nightshift.jobs.batch.state;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.output.ParquetBytes;
import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * The state of a night's outputs under {@code state/} of the output: a Parquet file for each model and target, written
 * when the output was committed, and again when it was evaluated. {@code spark.read.parquet} takes the folder for one table.
 */
public final class StateTable {
    private static final String FOLDER = "state";
    private static final String END = ".parquet";

    private static final MessageType COLUMNS = MessageTypeParser.parseMessageType("""
            message state {
              required binary run (STRING);
              required binary model (STRING);
              required binary target (STRING);
              required binary status (STRING);
              required binary name (STRING);
              required int64 bytes;
              required double seconds;
              required double core_seconds;
              optional double bits_per_weight;
              optional double mean_kld;
              optional double mean_kld_error;
              optional double kld_999;
              optional double same_top;
              optional double perplexity;
              optional double perplexity_error;
              required group digests (MAP) {
                repeated group key_value {
                  required binary key (STRING);
                  required binary value (STRING);
                }
              }
              required binary error (STRING);
            }
            """);

    private final NightFiles files;

    public StateTable(NightFiles files) {
        this.files = files;
    }

    /** Writes a row, in place of an earlier one of the same model and target. */
    public void write(OutputState state) throws IOException {
        files.write(name(state.model(), state.target()), ParquetBytes.of(COLUMNS, List.of(row(state))));
    }

    /** The row of a model and target, if there is one. */
    public Optional<OutputState> read(String model, String target) throws IOException {
        String name = name(model, target);
        Optional<byte[]> content = files.read(name);
        return content.isEmpty() ? Optional.empty() : Optional.of(rows(name, content.get()).get(0));
    }

    /** Deletes the row of a model and target: what it says holds no longer. */
    public void delete(String model, String target) throws IOException {
        files.delete(name(model, target));
    }

    /** A colon is no part of a name on every file system. */
    private static String name(String model, String target) {
        return FOLDER + "/" + model + "/" + target.replace(':', '-') + END;
    }

    private List<OutputState> rows(String name, byte[] content) throws IOException {
        List<OutputState> rows = new ArrayList<>();
        try {
            for (Group row : ParquetBytes.rows(content)) {
                rows.add(state(row));
            }
        } catch (IOException | RuntimeException e) {
            throw new StorageException(files.location(name), "is no state of an output; delete it and run again", e);
        }
        if (rows.isEmpty()) {
            throw new StorageException(files.location(name), "has no row; delete it and run again");
        }
        return rows;
    }

    private static Group row(OutputState state) {
        SimpleGroup row = new SimpleGroup(COLUMNS);
        row.add("run", state.run());
        row.add("model", state.model());
        row.add("target", state.target());
        row.add("status", state.status().name());
        row.add("name", state.name());
        row.add("bytes", state.bytes());
        row.add("seconds", state.seconds());
        row.add("core_seconds", state.coreSeconds());
        state.bitsPerWeight().ifPresent(bits -> row.add("bits_per_weight", bits));
        state.quality().ifPresent(quality -> {
            row.add("mean_kld", quality.meanDivergence());
            row.add("mean_kld_error", quality.meanDivergenceError());
            row.add("kld_999", quality.divergence999());
            row.add("same_top", quality.sameTop());
            row.add("perplexity", quality.perplexity());
            row.add("perplexity_error", quality.perplexityError());
        });
        Group digests = row.addGroup("digests");
        state.digests().forEach((file, digest) -> {
            Group pair = digests.addGroup("key_value");
            pair.add("key", file);
            pair.add("value", digest);
        });
        row.add("error", state.error());
        return row;
    }

    private static OutputState state(Group row) {
        Map<String, String> digests = new TreeMap<>();
        Group map = row.getGroup("digests", 0);
        for (int i = 0; i < map.getFieldRepetitionCount("key_value"); i++) {
            Group pair = map.getGroup("key_value", i);
            digests.put(pair.getString("key", 0), pair.getString("value", 0));
        }
        Optional<OutputState.Quality> quality = row.getFieldRepetitionCount("mean_kld") == 0
                ? Optional.empty()
                : Optional.of(new OutputState.Quality(
                        row.getDouble("mean_kld", 0),
                        row.getDouble("mean_kld_error", 0),
                        row.getDouble("kld_999", 0),
                        row.getDouble("same_top", 0),
                        row.getDouble("perplexity", 0),
                        row.getDouble("perplexity_error", 0)));
        return new OutputState(
                row.getString("run", 0),
                row.getString("model", 0),
                row.getString("target", 0),
                OutputStatus.valueOf(row.getString("status", 0)),
                row.getString("name", 0),
                row.getLong("bytes", 0),
                row.getDouble("seconds", 0),
                row.getDouble("core_seconds", 0),
                row.getFieldRepetitionCount("bits_per_weight") == 0
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(row.getDouble("bits_per_weight", 0)),
                quality,
                digests,
                row.getString("error", 0));
    }
}
