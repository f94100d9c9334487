package io.nightshift.jobs.tasks;

import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;

/**
 * What stages ask Spark for. RDDs that one stage computes have to ask for the very same, and executors come and go: so what is
 * found once ({@link StageMemory#resources}) is for all stages whose RDDs go on in one another.
 */
public final class StageResources {
    /** What every stage has. */
    public static final StageResources USUAL = new StageResources(Optional.empty());

    private final Optional<ResourceProfile> profile;

    StageResources(Optional<ResourceProfile> profile) {
        this.profile = profile;
    }

    /** Makes the stage that computes an RDD ask for them. */
    public <T> JavaRDD<T> askedFor(JavaRDD<T> stage) {
        return profile.isPresent() ? stage.withResources(profile.get()) : stage;
    }
}
