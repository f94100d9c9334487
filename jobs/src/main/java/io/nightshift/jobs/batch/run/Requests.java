package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.quantize.QuantizeRequest;
import java.util.List;

/** Turns a model of a manifest into requests of jobs. */
public interface Requests {
    /**
     * The requests of a model: targets that take its statistics, and those that do without, apart.
     *
     * @param output the folder of its outputs
     * @throws io.nightshift.formats.InvalidModelException if a target or an option cannot be used
     */
    List<Part> of(ManifestModel model, String output);

    /**
     * Targets that are made by one job.
     *
     * @param targets as the manifest has them
     * @param request with a target for each of them, in the same order
     */
    record Part(List<TargetRequest> targets, QuantizeRequest request) {
        /** Some of the targets, by their indexes. */
        Part of(List<Integer> some) {
            return new Part(some.stream().map(targets::get).toList(),
                    request.with(some.stream().map(request.targets()::get).toList()));
        }
    }
}
