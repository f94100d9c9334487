package io.nightshift.jobs.batch.manifest;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a night is asked for, checked whole.
 *
 * @param file where it was read from, for messages
 * @param output where everything goes
 * @param models in the order of the manifest, those of a glob by their paths
 * @param until when it has to be over
 * @param modelsAtOnce most models that run side by side
 */
public record Manifest(
        String file, String output, List<ManifestModel> models, Optional<Deadline> until, int modelsAtOnce) {
    /** How many models run side by side unless the manifest says otherwise. */
    static final int DEFAULT_MODELS_AT_ONCE = 2;

    public Manifest {
        models = List.copyOf(models);
    }

    /** The models in the order they start in: by priority, then as the manifest has them. */
    public List<ManifestModel> inOrder() {
        return models.stream().sorted(Comparator.comparing(ManifestModel::priority).reversed()).toList();
    }

    /** The same with another deadline. */
    public Manifest until(Deadline deadline) {
        return new Manifest(file, output, models, Optional.of(deadline), modelsAtOnce);
    }
}
