package io.nightshift.jobs.batch.run;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.batch.run.Requests.Part;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A part whose plan was tried: a target that cannot be made of a model is no reason to make none of the others.
 *
 * @param part the targets that can be made together; empty where none can
 * @param job of that part
 * @param refused why the others cannot
 */
record Refusals(Optional<Part> part, Optional<QuantizeJob> job, Map<TargetRequest, String> refused) {
    /**
     * Plans a part, and where that is refused each of its targets by itself.
     *
     * @throws InvalidModelException if the targets can be made one by one, but not together
     * @throws IOException if something cannot be read
     */
    static Refusals of(Part part, HadoopSettings settings, Progress progress) throws IOException {
        try {
            return new Refusals(Optional.of(part), Optional.of(QuantizeJob.plan(part.request(), settings, progress)), Map.of());
        } catch (InvalidModelException together) {
            Map<TargetRequest, String> refused = new LinkedHashMap<>();
            List<Integer> made = new ArrayList<>();
            for (int i = 0; i < part.targets().size(); i++) {
                try {
                    QuantizeJob.plan(part.of(List.of(i)).request(), settings, Progress.NONE);
                    made.add(i);
                } catch (InvalidModelException alone) {
                    refused.put(part.targets().get(i), Failures.words(alone));
                }
            }
            if (refused.isEmpty()) {
                throw together;
            }
            if (made.isEmpty()) {
                return new Refusals(Optional.empty(), Optional.empty(), refused);
            }
            Part left = part.of(made);
            return new Refusals(
                    Optional.of(left), Optional.of(QuantizeJob.plan(left.request(), settings, progress)), refused);
        }
    }
}
