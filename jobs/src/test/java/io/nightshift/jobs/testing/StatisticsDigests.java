package io.nightshift.jobs.testing;

import io.nightshift.jobs.calibration.CalibrateResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Digests of what a calibration summed up. */
public final class StatisticsDigests {
    private StatisticsDigests() {}

    /** SHA-256 of the files with sums, and of the manifest, by name. */
    public static Map<String, String> of(CalibrateResult result) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(Path.of(result.location()))) {
            String name = file.getFileName().toString();
            if (name.endsWith(".safetensors") || name.equals("calibration.json") || name.endsWith(".gguf")) {
                digests.put(name, Fixtures.sha256(file));
            }
        }
        return digests;
    }
}
