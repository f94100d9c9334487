package io.nightshift.jobs.batch.lease;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;

/**
 * What stands in a lease.
 *
 * @param runId the run that holds it
 * @param holder the process, by a random id: a retry has its run's id and another holder
 * @param host its machine, for people
 */
record LeaseRecord(String runId, String holder, String host) {
    private static final ObjectMapper JSON = new ObjectMapper();

    byte[] toBytes() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Nothing for a record that is being written, or was never finished. */
    static Optional<LeaseRecord> read(byte[] bytes) {
        try {
            return Optional.of(JSON.readValue(bytes, LeaseRecord.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
