package io.nightshift.jobs.quantize;

import java.util.List;
import java.util.Optional;

/**
 * What the user wants. Build one with {@link #of} and the {@code with} methods.
 *
 * @param model where the checkpoint is
 * @param targets what is to be made of it
 * @param output folder that the outputs go to
 * @param statistics where statistics of linear layers' inputs come from
 * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
 * @param noMtp whether blocks for predicting further tokens are left out where they would be kept
 * @param settings how the work is done
 */
public record QuantizeRequest(String model, List<Target> targets, String output, StatisticsSource statistics,
        Optional<String> preTokenizer, boolean noMtp, Settings settings) {
    /**
     * How the work is done: the bytes do not depend on it.
     *
     * @param work folder for factors of the run; empty for one within the output
     * @param partSize most bytes of a part, about
     * @param overwrite whether outputs that are complete already are made again
     */
    public record Settings(Optional<String> work, long partSize, boolean overwrite) {
        /** Part size where the user gives none: 64 MiB. */
        public static final long DEFAULT_PART_SIZE = 64L << 20;

        /** What holds unless the user says otherwise. */
        public static final Settings DEFAULT = new Settings(Optional.empty(), DEFAULT_PART_SIZE, false);

        /** The same with another part size. */
        public Settings withPartSize(long bytes) {
            return new Settings(work, bytes, overwrite);
        }

        /** The same with another work folder. */
        public Settings withWork(String folder) {
            return new Settings(Optional.of(folder), partSize, overwrite);
        }
    }

    /** What becomes of blocks for predicting further tokens. */
    Model.Prediction prediction() {
        return noMtp ? Model.Prediction.LEFT_OUT
                : targets.stream().anyMatch(Target::wantsPrediction) ? Model.Prediction.KEPT
                : Model.Prediction.KEPT_IF_THERE;
    }

    /** Targets that need no statistics. */
    public static QuantizeRequest of(String model, List<? extends Target> targets, String output) {
        return new QuantizeRequest(model, List.copyOf(targets), output, StatisticsSource.NONE, Optional.empty(),
                false, Settings.DEFAULT);
    }

    /** The same with statistics. */
    public QuantizeRequest with(StatisticsSource other) {
        return new QuantizeRequest(model, targets, output, other, preTokenizer, noMtp, settings);
    }

    /** The same with other settings. */
    public QuantizeRequest with(Settings other) {
        return new QuantizeRequest(model, targets, output, statistics, preTokenizer, noMtp, other);
    }

    /** The same with other targets. */
    public QuantizeRequest with(List<Target> others) {
        return new QuantizeRequest(model, List.copyOf(others), output, statistics, preTokenizer, noMtp, settings);
    }
}
