package io.nightshift.kernels.encoding;

import io.nightshift.kernels.BlockValidator;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.quantize.RowQuantizer;
import io.nightshift.kernels.rounding.FeedbackFactor;

/** Makes blocks of one ggml type. For one thread. */
public final class BlockCoder implements RowCoder {
    private final GgmlType type;
    private final boolean weighted;
    private final RowQuantizer quantizer;
    private final RowDequantizer dequantizer;
    private byte[] scratch = {};

    BlockCoder(GgmlType type, boolean weighted) {
        this.type = type;
        this.weighted = weighted;
        this.quantizer = Quantizers.create(type);
        this.dequantizer = Dequantizers.of(type);
    }

    @Override
    public Blocks nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers) {
        byte[] bytes = new byte[bytes(rows, columns)];
        quantize(weights, at, rows, columns, importance(metric), 0, bytes);
        return new Blocks(type, rows, columns, bytes);
    }

    /**
     * Quantizes rows as ggml does, into an array of the caller's.
     *
     * @param importance of the columns, from {@code importanceAt}; null where nothing is known of it
     * @param blocks receives the blocks, from 0
     * @throws UnstorableRowException if a weight is too large for the type
     */
    public void quantize(
            float[] weights, int at, int rows, int columns, float[] importance, int importanceAt, byte[] blocks) {
        quantizer.quantize(weights, at, rows, columns, importance, importanceAt, blocks, 0);
        requireValid(blocks, rows, columns);
    }

    /**
     * Checks blocks.
     *
     * @throws UnstorableRowException if a weight was too large for the type
     */
    public void requireValid(byte[] blocks, int rows, int columns) {
        int invalid = BlockValidator.firstInvalidBlock(type, blocks, 0, bytes(rows, columns));
        if (invalid >= 0) {
            int row = (int) ((long) invalid * type.blockSize() / columns);
            throw new UnstorableRowException(row, "the weights are too large for " + type);
        }
    }

    @Override
    public Blocks feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor,
            Metric.Statistics metric, Workers workers) {
        int columns = factor.channels();
        byte[] bytes = new byte[bytes(rows, columns)];
        new FeedbackBlocks(type, quantizer, factor, metric.diagonal(), rows, workers).round(weights, bytes);
        requireValid(bytes, rows, columns);
        return new Blocks(type, rows, columns, bytes);
    }

    @Override
    public void decode(EncodedRows encoded, int first, int rows, float[] values, int at) {
        Blocks blocks = (Blocks) encoded;
        int rowBytes = Math.toIntExact(type.rowBytes(blocks.columns()));
        dequantizer.dequantize(blocks.bytes(), first * rowBytes, values, at, rows * blocks.columns());
    }

    /** Without an array a call, and without a check: candidates of scales are tried by the thousand. */
    @Override
    public void roundTrip(float[] weights, int at, int rows, int columns, Metric metric, float[] values) {
        int bytes = bytes(rows, columns);
        if (scratch.length < bytes) {
            scratch = new byte[bytes];
        }
        quantizer.quantize(weights, at, rows, columns, importance(metric), 0, scratch, 0);
        dequantizer.dequantize(scratch, 0, values, 0, rows * columns);
    }

    private int bytes(int rows, int columns) {
        return Math.toIntExact(rows * type.rowBytes(columns));
    }

    private float[] importance(Metric metric) {
        return !weighted ? null
                : metric instanceof Metric.Importance importance ? importance.columns()
                : metric instanceof Metric.Statistics statistics ? ColumnImportance.of(statistics.diagonal())
                : null;
    }
}
