package io.nightshift.jobs.output;

import java.io.Serializable;

/**
 * What a task hands back for a {@link Seam} that it joined.
 *
 * @param index of the part
 * @param handle what the store needs to find its bytes again
 */
public record SeamReceipt(int index, byte[] handle) implements Serializable {}
