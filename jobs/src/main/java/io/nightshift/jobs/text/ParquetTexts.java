package io.nightshift.jobs.text;

import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;

/** A column of texts of a Parquet file; no other column is read. Rows without a text are left out. */
final class ParquetTexts implements TextReader {
    private final ParquetReader<String[]> rows;

    /**
     * Opens a file whose column is known to hold text ({@link ParquetColumns#requireText}).
     *
     * @throws IOException if it cannot be read
     */
    ParquetTexts(DataFile file, String column, HadoopSettings settings) throws IOException {
        rows = new Builder(HadoopInputFile.fromPath(new Path(file.path()), settings.configuration()), column).build();
    }

    @Override
    public String next() throws IOException {
        for (String[] row = rows.read(); row != null; row = rows.read()) {
            if (row[0] != null) {
                return row[0];
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        rows.close();
    }

    private static final class Builder extends ParquetReader.Builder<String[]> {
        private final String column;

        Builder(InputFile file, String column) {
            super(file);
            this.column = column;
        }

        @Override
        protected ReadSupport<String[]> getReadSupport() {
            return new OneColumn(column);
        }
    }

    /** Reads rows of one column, as arrays of one text or null. */
    private static final class OneColumn extends ReadSupport<String[]> {
        private final String column;

        OneColumn(String column) {
            this.column = column;
        }

        @Override
        public ReadContext init(InitContext context) {
            MessageType schema = context.getFileSchema();
            return new ReadContext(new MessageType(schema.getName(), schema.getType(column)));
        }

        @Override
        public RecordMaterializer<String[]> prepareForRead(Configuration configuration, Map<String, String> metadata,
                MessageType schema, ReadContext context) {
            return new Row();
        }
    }

    private static final class Row extends RecordMaterializer<String[]> {
        private String text;

        private final GroupConverter group = new GroupConverter() {
            private final PrimitiveConverter value = new PrimitiveConverter() {
                @Override
                public void addBinary(Binary binary) {
                    text = binary.toStringUsingUTF8();
                }
            };

            @Override
            public Converter getConverter(int index) {
                return value;
            }

            @Override
            public void start() {
                text = null;
            }

            @Override
            public void end() {}
        };

        @Override
        public GroupConverter getRootConverter() {
            return group;
        }

        @Override
        public String[] getCurrentRecord() {
            return new String[] {text};
        }
    }
}
