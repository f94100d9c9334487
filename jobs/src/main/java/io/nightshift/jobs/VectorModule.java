package io.nightshift.jobs;

/** The incubating module that the kernels need: a JVM has it only where it was asked for. */
public final class VectorModule {
    /** What to tell a user whose JVM lacks it. */
    public static final String MISSING = "this JVM was started without the Vector API; add"
            + " --add-modules=jdk.incubator.vector (under spark-submit to spark.driver.extraJavaOptions and"
            + " spark.executor.extraJavaOptions)";

    private VectorModule() {}

    /** Whether this JVM has it. */
    public static boolean isPresent() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }
}
