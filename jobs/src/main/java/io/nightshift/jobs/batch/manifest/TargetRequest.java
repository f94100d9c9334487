package io.nightshift.jobs.batch.manifest;

/**
 * One output that a model is to become.
 *
 * @param target what
 * @param importance whether a GGUF file is made with the model's importance matrix, where there is one
 * @param gate what it must not lose more than
 * @param line where the manifest asks for it
 */
public record TargetRequest(TargetName target, boolean importance, Gate gate, int line) {
    /** Whether it is made by whatever statistics the model has; else by none. */
    public boolean takesStatistics() {
        return switch (target.format()) {
            case GGUF -> importance;
            case MMPROJ -> false;
            case AWQ, EXL2 -> true;
        };
    }
}
