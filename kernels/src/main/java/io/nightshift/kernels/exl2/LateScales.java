package io.nightshift.kernels.exl2;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import io.nightshift.kernels.rounding.HalfLevels;
import io.nightshift.kernels.rounding.LateGrid;
import io.nightshift.kernels.rounding.Levels;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The scales of some outputs' groups, chosen when error feedback reaches a group: of the sixteen that its maximum allows, the
 * one with the least sum of |error|^2.5, weighted by what an error costs, over the moved weights.
 *
 * <p>ExLlamaV2 derives an output's code from its largest weight (adaptivegptq.py, find_params). The search measured better
 * on every parameter set, with any power from 2 to 3.5 and best with 2.5, and it bears a maximum that was fixed before
 * weights moved.
 */
public final class LateScales implements LateGrid {
    private final GroupLayout layout;
    private final float[][] scales;
    private final Levels[] levels;
    private final byte[] codes;

    /**
     * Scales to be chosen.
     *
     * @param maxima {@code q_scale_max}, a half a group
     * @param outputs number of outputs that will be rounded
     * @throws IllegalArgumentException if there is not one finite maximum a group
     */
    public LateScales(GroupLayout layout, short[] maxima, int outputs) {
        int groups = layout.groups().size();
        if (maxima.length != groups) {
            throw new IllegalArgumentException(maxima.length + " maxima for " + groups + " groups");
        }
        this.layout = layout;
        this.scales = new float[groups][];
        this.levels = new Levels[groups];
        this.codes = new byte[Math.multiplyExact(outputs, groups)];
        for (int i = 0; i < groups; i++) {
            scales[i] = SquaredScales.of(maxima[i]);
            if (!(scales[i][SquaredScales.CODES - 1] < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("the maximum of group " + i + " is not finite");
            }
            int zero = layout.groups().get(i).zero();
            levels[i] = new HalfLevels(-zero, zero - 1);
        }
    }

    /** The chosen codes, [outputs, groups]: 0 to 15. */
    public byte[] codes() {
        return codes;
    }

    @Override
    public int columns() {
        return layout.channels();
    }

    @Override
    public int groups() {
        return scales.length;
    }

    @Override
    public int first(int group) {
        return layout.groups().get(group).first();
    }

    @Override
    public Levels levels(int group) {
        return levels[group];
    }

    @Override
    public void choose(
            int group, int firstRow, int rows, float[] weights, int width, float[] importance, float[] chosen) {
        float[] table = scales[group];
        float largest = table[SquaredScales.CODES - 1];
        int[] best = new int[width];
        if (largest > 0) {
            float[] found = new float[width];
            for (int at = 0; at < width; at += Lanes.COUNT) {
                search(table, levels[group], weights, at, width, importance, found);
            }
            for (int i = 0; i < width; i++) {
                best[i] = (int) found[i];
            }
        }
        for (int i = 0; i < width; i++) {
            chosen[i] = table[best[i]];
        }
        for (int row = 0; row < rows; row++) {
            codes[(firstRow + row) * scales.length + group] = (byte) best[row];
        }
    }

    /** Lanes are outputs: one chain of operations each. */
    private static void search(
            float[] table, Levels levels, float[] weights, int at, int width, float[] importance, float[] found) {
        Objects.checkFromIndexSize(0, importance.length * width, weights.length);
        float least = levels.least();
        float most = levels.largest();
        FloatVector lowest = FloatVector.broadcast(Lanes.FLOAT, Float.POSITIVE_INFINITY);
        FloatVector code = FloatVector.zero(Lanes.FLOAT);
        for (int c = 0; c < table.length; c++) {
            if (table[c] == 0) {
                continue;
            }
            float share = table[c] / table[table.length - 1];
            float factor = share * share * (float) Math.sqrt(share);
            float inverse = 1 / table[c];
            FloatVector sum = FloatVector.zero(Lanes.FLOAT);
            for (int i = 0; i < importance.length; i++) {
                FloatVector steps = FloatVector.fromArray(Lanes.FLOAT, weights, i * width + at).mul(inverse);
                FloatVector level = steps.max(least).min(most).add(NearestInt.ROUNDING).sub(NearestInt.ROUNDING);
                FloatVector error = level.sub(steps).abs();
                FloatVector power = error.mul(error).mul(error.sqrt());
                sum = sum.add(power.mul(importance[i]));
            }
            FloatVector errors = sum.mul(factor);
            VectorMask<Float> better = errors.compare(VectorOperators.LT, lowest);
            lowest = lowest.blend(errors, better);
            code = code.blend(c, better);
        }
        code.intoArray(found, at);
    }
}
