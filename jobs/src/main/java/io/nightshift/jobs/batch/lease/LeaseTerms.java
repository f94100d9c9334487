package io.nightshift.jobs.batch.lease;

import java.time.Duration;

/**
 * How long a lease lasts.
 *
 * @param renewal how often its holder renews it
 * @param expiry how long after the last renewal another run may take it
 */
public record LeaseTerms(Duration renewal, Duration expiry) {
    /** Renewed every minute, expired after five. */
    public static final LeaseTerms USUAL = new LeaseTerms(Duration.ofMinutes(1), Duration.ofMinutes(5));
}
