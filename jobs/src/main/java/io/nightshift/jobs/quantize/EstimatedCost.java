package io.nightshift.jobs.quantize;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a job takes of a cluster, estimated from headers: seconds of a core of the kind that {@link CostModel} says.
 *
 * @param calibration of running the model over the texts; 0 where that is not needed or done already, empty where the texts
 *     have to be read to know how much it is
 * @param targets of each target, in their order; what several share is the first one's
 */
public record EstimatedCost(OptionalDouble calibration, List<Double> targets) {
    /** Of all together; without the calibration where that is not known. */
    public double coreSeconds() {
        return calibration.orElse(0) + targets.stream().mapToDouble(Double::doubleValue).sum();
    }
}
