package io.nightshift.kernels.exl2;

import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.SharedEncoding;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;

/**
 * Integers of 2 to 8 bits in groups of channels of like activity, as ExLlamaV2 has them. The outputs of a layer share the
 * order of its channels and the maximum of each group's scales.
 *
 * @param name what people call it, such as {@code 0.1:4b_128g/0.9:3b_128g}
 * @param layout the groups
 */
public record Exl2Encoding(String name, GroupLayout layout) implements SharedEncoding {
    private static final int SCALE_BITS = 4;

    @Override
    public int groupSize() {
        return GroupLayout.WORD_VALUES;
    }

    @Override
    public boolean takesFeedback() {
        return true;
    }

    @Override
    public boolean startsFromNearest() {
        return false;
    }

    /** As ExLlamaV2 counts them: outputs are padded; maxima, the table of groups and the permutation count too. */
    @Override
    public long bits(long rows, long columns) {
        long outputs = PackedLinear.paddedOutputs(rows);
        long values = layout.groups().stream().mapToLong(group -> (long) group.size() * group.bits()).sum();
        return values * outputs + layout.groups().size() * (16 + 32 + outputs * SCALE_BITS) + columns * 32;
    }

    @Override
    public RowEncoding settle(Rows rows, FeedbackFactor factor, Workers workers) throws IOException {
        int[] order = factor.roundingOrder();
        MaximumSearch search = new MaximumSearch(layout, order);
        float[] spans = new float[layout.groups().size()];
        rows.forEach((weights, count) -> {
            float[] found = search.spans(weights, 0, count);
            for (int i = 0; i < spans.length; i++) {
                spans[i] = Math.max(spans[i], found[i]);
            }
        });
        long[][] errors = {null};
        rows.forEach((weights, count) -> {
            long[] found = search.errors(spans, weights, 0, count, workers);
            for (int i = 0; errors[0] != null && i < found.length; i++) {
                found[i] += errors[0][i];
            }
            errors[0] = found;
        });
        return new SettledEncoding(this, order, search.maxima(spans, errors[0]));
    }

    @Override
    public RowCoder coder() {
        return new RowByRowCoder(layout);
    }
}
