package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.rounding.Grid;
import io.nightshift.kernels.rounding.Levels;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The blocks of a GGUF type as a grid: reads the scales that a quantizer chose, and puts other levels in the place of its
 * own. Layouts are those of {@code ggml-common.h}, values bit for bit those of {@code dequantize_row_*} in
 * {@code ggml-quants.c}. Instances are stateless.
 */
public abstract sealed class BlockLayout permits LegacyBlockLayout, SuperBlockLayout {
    private final GgmlType type;
    private final int groupSize;
    private final Levels levels;

    BlockLayout(GgmlType type, int groupSize, Levels levels) {
        this.type = type;
        this.groupSize = groupSize;
        this.levels = levels;
    }

    /** The layouts, each type named once. */
    private static final class Known {
        private static final Map<GgmlType, BlockLayout> LAYOUTS = new EnumMap<>(GgmlType.class);

        static {
            LegacyBlockLayout.all().forEach(layout -> LAYOUTS.put(layout.type(), layout));
            SuperBlockLayout.all().forEach(layout -> LAYOUTS.put(layout.type(), layout));
        }
    }

    /** Whether a type's blocks are a grid that weights can be rounded to one by one. */
    public static boolean supports(GgmlType type) {
        return Known.LAYOUTS.containsKey(type);
    }

    /**
     * The layout of a type.
     *
     * @throws IllegalArgumentException if {@link #supports} says no
     */
    public static BlockLayout of(GgmlType type) {
        BlockLayout layout = Known.LAYOUTS.get(type);
        if (layout == null) {
            throw new IllegalArgumentException("weights of " + type + " cannot be rounded with error feedback:"
                    + " its blocks are no grid of levels for single weights; use nearest rounding for it");
        }
        return layout;
    }

    /** The type. */
    public GgmlType type() {
        return type;
    }

    /** Weights that share a scale. */
    public int groupSize() {
        return groupSize;
    }

    /** What may stand in the place of a weight. */
    public Levels levels() {
        return levels;
    }

    /**
     * The grid that blocks make: their scales and offsets.
     *
     * @param blocks whole rows of blocks from {@code at}
     * @param columns weights a row, whole blocks
     */
    public Grid grid(byte[] blocks, int at, int rows, int columns) {
        int count = blocks(blocks, at, rows, columns);
        int groups = type.blockSize() / groupSize;
        float[] scales = new float[count * groups];
        float[] offsets = new float[count * groups];
        for (int i = 0; i < count; i++) {
            readScales(blocks, at + i * type.blockBytes(), scales, offsets, i * groups);
        }
        return new Grid(levels, rows, columns, groupSize, scales, offsets);
    }

    /**
     * Replaces the levels of blocks.
     *
     * @param chosen a level each weight, row-major
     * @param blocks keep their scales
     */
    public void replaceLevels(byte[] chosen, byte[] blocks, int at, int rows, int columns) {
        int count = blocks(blocks, at, rows, columns);
        Objects.checkFromIndexSize(0, count * type.blockSize(), chosen.length);
        for (int i = 0; i < count; i++) {
            writeLevels(chosen, i * type.blockSize(), blocks, at + i * type.blockBytes());
        }
    }

    private int blocks(byte[] blocks, int at, int rows, int columns) {
        Objects.checkFromIndexSize(at, Math.toIntExact(rows * type.rowBytes(columns)), blocks.length);
        return rows * (columns / type.blockSize());
    }

    /** Reads the scales and offsets of one block. */
    abstract void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group);

    /** Writes the levels of one block. */
    abstract void writeLevels(byte[] levels, int first, byte[] blocks, int block);
}
