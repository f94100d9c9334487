package io.nightshift.jobs.batch.result;

import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a night came to.
 *
 * @param run its id
 * @param started when it began
 * @param ended when its last output was done with
 * @param manifest where the manifest was
 * @param output where everything went
 * @param nightshift the version that ran
 * @param models in the order of the manifest
 */
public record NightResult(
        String run,
        Instant started,
        Instant ended,
        String manifest,
        String output,
        String nightshift,
        List<Model> models) {
    public NightResult {
        models = List.copyOf(models);
    }

    /** Of a night. */
    public enum Status {
        /** Every output that was asked for is there and within its gate. */
        COMPLETE,
        /** Some failed, were over their gate or not started. */
        INCOMPLETE,
        /** None is there. */
        FAILED
    }

    /**
     * A model's part.
     *
     * @param name the folder of its outputs
     * @param source its checkpoint
     * @param originalPerplexity of the checkpoint over the held-out text; empty where there was no evaluation
     * @param outputs as the state table has them
     */
    public record Model(String name, String source, OptionalDouble originalPerplexity, List<OutputState> outputs) {
        public Model {
            outputs = List.copyOf(outputs);
        }
    }

    /** Of the whole. */
    public Status status() {
        return outputs().stream().allMatch(output -> output.status() == OutputStatus.COMPLETE)
                ? Status.COMPLETE
                : outputs().stream().anyMatch(output -> output.status().isThere()) ? Status.INCOMPLETE : Status.FAILED;
    }

    /** All outputs of all models. */
    public List<OutputState> outputs() {
        return models.stream().flatMap(model -> model.outputs().stream()).toList();
    }
}
