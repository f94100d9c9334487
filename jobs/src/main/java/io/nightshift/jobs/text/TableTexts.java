package io.nightshift.jobs.text;

import java.util.Iterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The first column of a table that Spark SQL reads, partition by partition. */
final class TableTexts implements TextReader {
    private final Iterator<Row> rows;

    /** Rows without a null in their first column. */
    TableTexts(Dataset<Row> table) {
        rows = table.toLocalIterator();
    }

    @Override
    public String next() {
        return rows.hasNext() ? rows.next().getString(0) : null;
    }

    @Override
    public void close() {}
}
