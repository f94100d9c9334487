package io.nightshift.jobs.cli;

import org.apache.spark.SparkUserAppException;

/** How the process ends once a command is done. */
final class ProcessEnd {
    private static final String MASTER = "spark.master";
    private static final String DEPLOY_MODE = "spark.submit.deployMode";

    private ProcessEnd() {}

    /**
     * Ends the process with an exit code. A driver within YARN has a process that is not its own: whoever ends that counts as
     * failed, even with 0, and a main class has to return there.
     *
     * @throws SparkUserAppException tells YARN's application master the code of a command that failed
     */
    static void with(int exitCode) throws SparkUserAppException {
        if (!"yarn".equals(System.getProperty(MASTER)) || !"cluster".equals(System.getProperty(DEPLOY_MODE))) {
            System.exit(exitCode);
        } else if (exitCode != 0) {
            throw new SparkUserAppException(exitCode, null);
        }
    }
}
