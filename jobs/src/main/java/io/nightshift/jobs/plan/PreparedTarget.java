package io.nightshift.jobs.plan;

/**
 * A target with what only the driver and its first piece need.
 *
 * @param target the file to be made
 * @param header its bytes before the tensor data
 * @param digest of everything that its bytes follow from
 */
public record PreparedTarget(GgufTarget target, byte[] header, String digest) {}
