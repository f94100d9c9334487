package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * A small table for people and their notebooks. It is not written by Spark, which takes seconds for it, empties the folder
 * that it is given, and logs stack traces where there is no room.
 */
public final class ParquetTable {
    /** The one file of a table's folder: what reads the folder reads this. */
    private static final String FILE = "table.parquet";

    private final MessageType columns;
    private final List<SimpleGroup> rows = new ArrayList<>();

    /**
     * A table without rows.
     *
     * @param columns in Parquet's language of schemas, such as {@code required int32 layer; optional double share;}
     */
    public ParquetTable(String columns) {
        this.columns = MessageTypeParser.parseMessageType("message table {" + columns + "}");
    }

    /**
     * Adds a row.
     *
     * @param values one for each column: Integer, Long, Double, Boolean or String as it has it, null where it is optional
     */
    public void add(Object... values) {
        if (values.length != columns.getFieldCount()) {
            throw new IllegalArgumentException(values.length + " values for " + columns.getFieldCount() + " columns");
        }
        SimpleGroup row = new SimpleGroup(columns);
        for (int i = 0; i < values.length; i++) {
            if (values[i] != null) {
                add(row, i, values[i]);
            }
        }
        rows.add(row);
    }

    private static void add(Group row, int column, Object value) {
        if (value instanceof Integer number) {
            row.add(column, number);
        } else if (value instanceof Long number) {
            row.add(column, number);
        } else if (value instanceof Double number) {
            row.add(column, number);
        } else if (value instanceof Boolean is) {
            row.add(column, is);
        } else {
            row.add(column, (String) value);
        }
    }

    /** Whether it has no rows. */
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The table as a Parquet file. */
    public byte[] toBytes() throws IOException {
        return ParquetBytes.of(columns, rows);
    }

    /**
     * Makes sure before the work that a table can be written to a folder, which need not be there.
     *
     * @throws StorageException if not, or if it holds what is no table of ours: readers of the folder would read both
     */
    public static void prepare(String folder, HadoopSettings settings) throws IOException {
        StorageProbe.prepare(StorageLocation.parse(folder), settings);
        for (String name : new WorkFiles(folder, settings).names()) {
            if (!name.equals(FILE) && !name.startsWith(".") && !name.startsWith("_")) {
                throw new StorageException(folder, "holds " + name + ", which is no table of nightshift's; give a folder that"
                        + " the table has for itself");
            }
        }
    }

    /**
     * Writes the table to a folder, in place of one that is there. The work is done by then: this fails at run time.
     *
     * @throws IOException if it cannot be written; the message names the folder
     */
    public void write(String folder, HadoopSettings settings) throws IOException {
        WorkFiles files = new WorkFiles(folder, settings);
        boolean isNew = !files.exists("");
        try {
            files.put(FILE, toBytes());
        } catch (StorageException e) {
            if (isNew) {
                files.delete("");
            }
            throw new IOException(e.getMessage(), e);
        }
    }
}
