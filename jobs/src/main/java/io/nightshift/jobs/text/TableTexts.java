package io.nightshift.jobs.text;

import java.util.Iterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** The first column of a table that Spark SQL reads, partition by partition. Rows without a text are left out. */
final class TableTexts implements TextReader {
    private final Iterator<Row> rows;

    TableTexts(Dataset<Row> table) {
        rows = table.toLocalIterator();
    }

    @Override
    public String next() {
        while (rows.hasNext()) {
            String text = rows.next().getString(0);
            if (text != null) {
                return text;
            }
        }
        return null;
    }

    @Override
    public void close() {}
}
