package io.nightshift.jobs.quantize;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.jobs.rounding.StatisticsReference;
import java.util.Optional;

/**
 * The statistics of linear layers' inputs, as targets know them: those of a folder, or those that running the model will
 * give. Of the latter the manifest has the right length in every field, but not yet its values.
 *
 * @param location the folder
 * @param manifest what it was made of
 * @param reference for tasks; empty as long as the model has not been run
 * @param option the option that they come from, for messages
 */
public record InputStatistics(
        String location, CalibrationManifest manifest, Optional<StatisticsReference> reference, String option) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Whether they are there. */
    public boolean areMade() {
        return reference.isPresent();
    }

    /** All that is known of them, as a text: what is made by them hangs on it. */
    public String text() {
        try {
            return JSON.writeValueAsString(manifest);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest is JSON", e);
        }
    }
}
