package io.nightshift.jobs.output;

import java.io.Serializable;

/**
 * What a task hands back for a part that it wrote. A part may be written by several attempts; the commit takes exactly
 * the one whose receipt it is given.
 *
 * @param part which part
 * @param attempt which attempt wrote it
 * @param handle what the store needs to find these bytes again; empty where it needs nothing
 * @param crc32c CRC-32C of the part's bytes, as an unsigned 32-bit number
 */
public record PartReceipt(Part part, int attempt, byte[] handle, long crc32c) implements Serializable {}
