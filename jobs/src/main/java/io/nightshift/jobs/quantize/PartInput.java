package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartSink;
import java.io.Serializable;
import java.util.List;

/**
 * What the task that makes a piece is given.
 *
 * @param outputs where its parts go, one for each file that is cut alike
 * @param segments what fills them, in order
 */
record PartInput(List<Output> outputs, List<Segment> segments) implements Serializable {
    /**
     * A part of one file.
     *
     * @param output number of the output among those that are made together
     * @param file index of the file in it
     * @param header the file's first bytes, in its first part; else empty
     */
    record Output(int output, int file, Part part, PartSink sink, byte[] header) implements Serializable {}

    /**
     * Consecutive units of an item, in all of the files.
     *
     * @param from the first unit
     * @param to the unit behind the last one
     * @param item index of the item in its file
     * @param works one for each file
     */
    record Segment(long from, long to, int item, List<Work> works) implements Serializable {
        /** The item of the first file: those of the others are made of the same. */
        Item first() {
            return works.get(0).item();
        }
    }

    /**
     * What is done for one file.
     *
     * @param shift what the model adds to the stored elements of a tensor that is kept
     */
    record Work(Item item, Treatment treatment, float shift) implements Serializable {}
}
