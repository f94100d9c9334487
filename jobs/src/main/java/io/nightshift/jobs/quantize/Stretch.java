package io.nightshift.jobs.quantize;

/**
 * Consecutive units of one item: rows, or bytes.
 *
 * @param item index of the item in its file
 * @param from the first unit
 * @param to the unit behind the last one
 */
record Stretch(int item, long from, long to) {}
