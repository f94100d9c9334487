package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The scales of a model's groups, and what follows for each tensor. A plan without groups leaves everything as it is.
 * About 4 bytes a scaled channel: a driver holds it, and gives tasks what they need of it.
 */
public final class ScalePlan implements Serializable {
    private static final long serialVersionUID = 1;

    /** Nothing is scaled. */
    public static final ScalePlan NONE = new ScalePlan(List.of());

    private final List<GroupScales> groups;
    private final Map<String, GroupScales> byReader = new HashMap<>();
    private final Map<String, GroupScales> byProducer = new HashMap<>();
    private final Map<String, GroupScales> byVector = new HashMap<>();

    /** A plan of groups, in the order of the layers. */
    public ScalePlan(List<GroupScales> groups) {
        this.groups = List.copyOf(groups);
        for (GroupScales scales : groups) {
            scales.group().linears().forEach(linear -> byReader.put(linear.module(), scales));
            scales.group().steering().forEach(linear -> byReader.put(linear.module(), scales));
            byVector.put(scales.group().producerBias(), scales);
            if (scales.group().isNorm()) {
                byVector.put(scales.group().producer(), scales);
            } else {
                byProducer.put(key(scales.group().producer(), scales.group().expert()), scales);
            }
        }
    }

    private static String key(String tensor, int expert) {
        return tensor + " " + expert;
    }

    /** The groups, in the order of the layers. */
    public List<GroupScales> groups() {
        return groups;
    }

    /** The group whose channels a layer reads, where it is scaled. */
    public Optional<GroupScales> groupOf(LinearLayer linear) {
        return Optional.ofNullable(byReader.get(linear.module()));
    }

    /** What a layer's (or router's) columns are multiplied by, one a column; null where they stay. */
    public float[] columnScales(LinearLayer linear) {
        GroupScales scales = byReader.get(linear.module());
        return scales == null ? null : scales.scales();
    }

    /** What a layer's rows are divided by, one a row in the order of the checkpoint; null where they stay. */
    public float[] rowDivisors(LinearLayer linear) {
        GroupScales scales = byProducer.get(key(linear.tensor(), linear.expert()));
        return scales == null ? null : divisors(scales, Math.toIntExact(linear.outputs()));
    }

    /**
     * What a norm's or bias's elements are divided by, one each; null where they stay.
     *
     * @param tensor its GGUF name, such as {@code blk.0.attn_norm.weight}
     */
    public float[] vectorDivisors(String tensor, int length) {
        GroupScales scales = byVector.get(tensor);
        return scales == null ? null : divisors(scales, length);
    }

    private static float[] divisors(GroupScales scales, int length) {
        if (scales.group().repeats() == 1 && length == scales.scales().length) {
            return scales.scales();
        }
        float[] divisors = new float[length];
        Arrays.fill(divisors, 1);
        for (int channel = 0; channel < scales.scales().length; channel++) {
            divisors[scales.group().producerRow(channel)] = scales.scales()[channel];
        }
        return divisors;
    }
}
