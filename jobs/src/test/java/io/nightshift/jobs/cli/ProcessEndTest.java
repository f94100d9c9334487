package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.apache.spark.SparkUserAppException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Elsewhere than within YARN the process ends: the tests that start commands as processes see their exit codes. */
class ProcessEndTest {
    private static final Map<String, String> YARN = Map.of("spark.master", "yarn", "spark.submit.deployMode", "cluster");

    @BeforeEach
    void asAnApplicationMasterDoes() {
        YARN.forEach(System::setProperty);
    }

    @AfterEach
    void clear() {
        YARN.keySet().forEach(System::clearProperty);
    }

    @Test
    void aDriverWithinYarnReturns() throws SparkUserAppException {
        ProcessEnd.with(0);
    }

    @Test
    void aDriverWithinYarnTellsItsExitCode() {
        assertEquals(2, assertThrows(SparkUserAppException.class, () -> ProcessEnd.with(2)).exitCode());
    }
}
