package io.nightshift.jobs.awq;

import io.nightshift.jobs.output.Part;
import java.io.Serializable;
import java.util.List;

/**
 * A part of a shard, written by one task.
 *
 * @param index its number among the parts of all shards
 * @param shard number of the shard
 * @param part which bytes of it; the header belongs to the first part
 * @param segments what fills them, in the order of the bytes
 */
record ShardPart(int index, int shard, Part part, List<Segment> segments) implements Serializable {
    /**
     * Bytes of one item.
     *
     * @param item number of the item in the plan
     * @param from the first byte, within the item
     * @param length number of bytes; quantized and changed items are whole
     */
    record Segment(int item, long from, long length) implements Serializable {}
}
