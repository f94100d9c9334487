package io.nightshift.jobs.batch.run;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.quantize.CheckedTarget;
import io.nightshift.jobs.quantize.EstimatedCost;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a model is to become, by its headers. It holds no header: those of many models would fill the driver.
 *
 * @param model of the manifest
 * @param outputs one for each target that can be made; empty where planning failed
 * @param refused why other targets cannot be made of this model
 * @param costs what each of its jobs takes for what is missing, where that was asked for; else none
 * @param source the checkpoint's files
 * @param failure why it cannot be made, if it cannot
 */
public record ModelPlan(ManifestModel model, List<Output> outputs, Map<TargetRequest, String> refused,
        List<EstimatedCost> costs, List<StoredFile> source, Optional<String> failure) {
    /**
     * A planned output.
     *
     * @param bytes of it; empty where its layout hangs on a measurement
     * @param bitsPerWeight likewise
     * @param tasks that write it
     * @param found whether it is complete already, as far as headers tell: not where its bytes hang on what is not
     *     measured yet
     */
    public record Output(TargetRequest request, Optional<Long> bytes, Optional<Double> bitsPerWeight, int tasks,
            boolean found) {}

    /** Outputs that have to be made, as far as headers tell. */
    List<TargetRequest> missing() {
        return outputs.stream().filter(output -> !output.found()).map(Output::request).toList();
    }

    /** What it takes, estimated; without the calibration where the texts have to be read to know how much it is. */
    double coreSeconds() {
        return costs.stream().mapToDouble(EstimatedCost::coreSeconds).sum();
    }

    /**
     * Plans a model; what cannot be made is no exception but a plan that says so.
     *
     * @param cores that tasks are counted for
     * @param estimated whether costs are asked for
     */
    static ModelPlan of(ManifestModel model, String output, Requests requests, HadoopSettings settings, Progress progress,
            int cores, boolean estimated) {
        try {
            List<Output> outputs = new ArrayList<>();
            Map<TargetRequest, String> refused = new LinkedHashMap<>();
            List<StoredFile> files = List.of();
            List<EstimatedCost> costs = new ArrayList<>();
            for (Requests.Part asked : requests.of(model, output)) {
                Refusals planned = Refusals.of(asked, settings, progress);
                refused.putAll(planned.refused());
                if (planned.part().isEmpty()) {
                    continue;
                }
                Requests.Part part = planned.part().get();
                QuantizeJob job = planned.job().orElseThrow();
                List<Optional<OutputResult>> found = job.found();
                files = job.model().source().files();
                List<Target> complete = new ArrayList<>();
                for (int i = 0; i < part.targets().size(); i++) {
                    CheckedTarget target = job.targets().get(i);
                    boolean there = found.get(i).isPresent() && !part.request().settings().overwrite();
                    outputs.add(new Output(part.targets().get(i), target.bytes(),
                            target.laidOut().map(laidOut -> laidOut.layout().bitsPerWeight()),
                            job.tasks(target, cores), there));
                    if (there) {
                        complete.add(target.target());
                    }
                }
                if (estimated && complete.size() < part.targets().size()) {
                    costs.add(job.without(complete).cost());
                }
            }
            return new ModelPlan(model, outputs, refused, costs, files, Optional.empty());
        } catch (InvalidModelException | IOException e) {
            return new ModelPlan(model, List.of(), Map.of(), List.of(), List.of(), Optional.of(Failures.words(e)));
        }
    }
}
