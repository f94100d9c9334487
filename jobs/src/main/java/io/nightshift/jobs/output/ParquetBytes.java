package io.nightshift.jobs.output;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;

/** A Parquet file in memory: small tables go to the store whole. */
public final class ParquetBytes {
    /** Bytes behind the footer: its length, and the format's mark. */
    private static final int END = 8;

    private ParquetBytes() {}

    /** The file of some rows, which are of these columns: the same bytes for the same rows. */
    public static byte[] of(MessageType columns, List<? extends Group> rows) throws IOException {
        Sink sink = new Sink();
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(sink)
                .withConf(new PlainParquetConfiguration())
                .withType(columns)
                .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                .build()) {
            for (Group row : rows) {
                writer.write(row);
            }
        }
        return inOrder(sink.bytes());
    }

    /** The library lists a column's encodings in the order of a set of enums, which is another one from process to process. */
    private static byte[] inOrder(byte[] file) throws IOException {
        int footer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - END);
        int start = file.length - END - footer;
        FileMetaData metadata = Util.readFileMetaData(new ByteArrayInputStream(file, start, footer));
        for (RowGroup rows : metadata.getRow_groups()) {
            for (ColumnChunk column : rows.getColumns()) {
                Collections.sort(column.getMeta_data().getEncodings());
            }
        }
        ByteArrayOutputStream ordered = new ByteArrayOutputStream();
        ordered.write(file, 0, start);
        Util.writeFileMetaData(metadata, ordered);
        if (ordered.size() - start != footer) {
            throw new IllegalStateException("the same metadata take " + footer + " and " + (ordered.size() - start) + " bytes");
        }
        ordered.write(file, file.length - END, END);
        return ordered.toByteArray();
    }

    /** The rows of a file. */
    public static List<Group> rows(byte[] file) throws IOException {
        List<Group> rows = new ArrayList<>();
        try (ParquetReader<Group> reader = new Rows(new Source(file)).build()) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                rows.add(row);
            }
        }
        return rows;
    }

    private static final class Rows extends ParquetReader.Builder<Group> {
        Rows(InputFile file) {
            super(file, new PlainParquetConfiguration());
        }

        @Override
        protected ReadSupport<Group> getReadSupport() {
            return new GroupReadSupport();
        }
    }

    /** Written by Parquet, taken as bytes. */
    private static final class Sink implements OutputFile {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        byte[] bytes() {
            return bytes.toByteArray();
        }

        @Override
        public PositionOutputStream create(long blockSizeHint) {
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return bytes.size();
                }

                @Override
                public void write(int value) {
                    bytes.write(value);
                }

                @Override
                public void write(byte[] from, int offset, int length) {
                    bytes.write(from, offset, length);
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSizeHint) {
            return create(blockSizeHint);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }

    /** Bytes, read by Parquet. */
    private record Source(byte[] bytes) implements InputFile {
        @Override
        public long getLength() {
            return bytes.length;
        }

        @Override
        public SeekableInputStream newStream() {
            Positioned in = new Positioned(bytes);
            return new DelegatingSeekableInputStream(in) {
                @Override
                public long getPos() {
                    return in.position();
                }

                @Override
                public void seek(long to) throws IOException {
                    if (to < 0 || to > bytes.length) {
                        throw new EOFException("position " + to + " of " + bytes.length + " bytes");
                    }
                    in.seek((int) to);
                }
            };
        }
    }

    private static final class Positioned extends ByteArrayInputStream {
        Positioned(byte[] bytes) {
            super(bytes);
        }

        int position() {
            return pos;
        }

        void seek(int to) {
            pos = to;
        }
    }
}
