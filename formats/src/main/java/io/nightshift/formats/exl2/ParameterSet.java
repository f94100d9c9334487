package io.nightshift.formats.exl2;

import io.nightshift.kernels.exl2.Exl2Encoding;
import io.nightshift.kernels.exl2.GroupLayout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How a linear layer is quantized: its input channels in activation order, in shares of given bits (ExLlamaV2,
 * conversion/qparams.py, QParams). Scales have 4 bits.
 *
 * @param parts the most active channels first; their shares sum to 1
 */
public record ParameterSet(List<Part> parts) implements Serializable {
    /** Bits of a scale. */
    public static final int SCALE_BITS = 4;

    /**
     * A share of the channels.
     *
     * @param bits bits a value: 2, 3, 4, 5, 6 or 8
     * @param groupSize channels a group
     * @param share of all channels, more than 0
     */
    public record Part(int bits, int groupSize, double share) implements Serializable {}

    /** @throws IllegalArgumentException if shares do not sum to 1, or a number of bits occurs twice */
    public ParameterSet {
        parts = List.copyOf(parts);
        double sum = 0;
        for (Part part : parts) {
            sum += part.share();
        }
        if (Math.abs(sum - 1) > 1e-9 || parts.stream().map(Part::bits).distinct().count() != parts.size()
                || parts.stream().anyMatch(part -> !(part.share() > 0))) {
            throw new IllegalArgumentException(parts + ": shares must sum to 1, and bits differ");
        }
    }

    /** How the reference writes it, such as {@code 0.1:4b_128g/0.9:3b_128g}. */
    public String name() {
        return parts.stream()
                .map(part -> (part.share() == 1 ? "" : part.share() + ":") + part.bits() + "b_" + part.groupSize() + "g")
                .collect(Collectors.joining("/"));
    }

    /**
     * How the rows of a layer of so many channels are encoded.
     *
     * @throws IllegalArgumentException if the format cannot hold such a layer
     */
    public Exl2Encoding encoding(int channels) {
        return new Exl2Encoding(name(), layout(channels));
    }

    /**
     * The groups of a layer (adaptivegptq.py, configure): each part is rounded up to whole groups.
     *
     * @throws IllegalArgumentException if the format cannot hold a layer of so many channels
     */
    public GroupLayout layout(int channels) {
        List<Integer> bits = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        long left = channels;
        for (Part part : parts) {
            long groups = groups(part, channels, left);
            left -= groups * part.groupSize();
            for (long i = 0; i < groups; i++) {
                bits.add(part.bits());
                sizes.add(part.groupSize());
            }
        }
        return GroupLayout.of(channels, bits.stream().mapToInt(Integer::intValue).toArray(),
                sizes.stream().mapToInt(Integer::intValue).toArray());
    }

    private static long groups(Part part, long channels, long left) {
        return Math.max(0, (long) Math.ceil(Math.min(channels * part.share(), left) / part.groupSize()));
    }

    /**
     * Bits that a layer takes, as ExLlamaV2 counts them (QParams.total_bits): values, scales, maxima, the table of groups,
     * the permutation, and a bias in half precision.
     *
     * @param outputs with their padding
     */
    public long totalBits(long inputs, long outputs, boolean bias) {
        long groups = 0;
        long left = inputs;
        long bits = 0;
        for (Part part : parts) {
            long ofPart = groups(part, inputs, left);
            long channels = Math.max(0, Math.min(ofPart * part.groupSize(), left));
            left -= ofPart * part.groupSize();
            groups += ofPart;
            bits += channels * outputs * part.bits();
        }
        return bits + groups * (16 + 32 + outputs * SCALE_BITS) + inputs * 32 + (bias ? 16 * outputs : 0);
    }
}
