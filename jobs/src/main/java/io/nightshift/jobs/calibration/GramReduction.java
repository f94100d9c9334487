package io.nightshift.jobs.calibration;

import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * Adds up the groups' Gram matrices, block by block, and writes them. Blocks of a part come to one task, sorted by their
 * place and then by group, and are added in that order, in double precision: the sums depend on the plan alone.
 *
 * <p>Memory of a task: one block in doubles and one as it comes; Spark's sorting goes to disk.
 *
 * @param blocks which block stands where
 * @param parts the parts of the file
 * @param sink where they go
 * @param head the bytes before the first block
 */
record GramReduction(LayerFile.Blocks blocks, List<Part> parts, PartSink sink, Broadcast<byte[]> head)
        implements Serializable {
    /** Sorts blocks by place, then by group. */
    private record Key(int place, int group) implements Comparable<Key>, Serializable {
        @Override
        public int compareTo(Key other) {
            return place != other.place ? Integer.compare(place, other.place) : Integer.compare(group, other.group);
        }
    }

    /** A part's blocks come to one task. */
    private static final class ByPart extends Partitioner {
        private static final long serialVersionUID = 1;

        private final LayerFile.Blocks blocks;

        ByPart(LayerFile.Blocks blocks) {
            this.blocks = blocks;
        }

        @Override
        public int numPartitions() {
            return blocks.parts();
        }

        @Override
        public int getPartition(Object key) {
            return blocks.part(((Key) key).place());
        }
    }

    /** Runs it. */
    List<PartReceipt> run(JavaSparkContext spark, JavaRDD<LayerOutput> outputs) throws IOException {
        // A copy of its own: the closures below must not take along more than they need.
        LayerFile.Blocks places = blocks;
        JavaPairRDD<Key, byte[]> sorted = outputs
                .filter(output -> output instanceof LayerOutput.GramBlock)
                .mapToPair(output -> {
                    LayerOutput.GramBlock block = (LayerOutput.GramBlock) output;
                    int place = places.firstOfInput().get(block.input()) + block.block();
                    return new Tuple2<>(new Key(place, block.group()), bytes(block.sums()));
                })
                .repartitionAndSortWithinPartitions(new ByPart(places));
        try {
            return new TaskRun(spark, "Gram matrices").run(sorted.rdd().toJavaRDD(), this::write);
        } finally {
            // Spark itself deletes a shuffle's files once the driver's garbage is collected, which may be late.
            sorted.rdd().cleanShuffleDependencies(false);
        }
    }

    private PartReceipt write(int part, Iterator<Tuple2<Key, byte[]>> sorted, int attempt) throws IOException {
        try (PartWriter writer = sink.open(parts.get(part), attempt)) {
            if (part == 0) {
                writer.write(head.value());
            }
            int place = blocks.firstOfPart()[part];
            double[] sums = new double[StatisticsCollector.BLOCK * StatisticsCollector.BLOCK];
            float[] block = new float[sums.length];
            Tuple2<Key, byte[]> next = sorted.hasNext() ? sorted.next() : null;
            for (; place < blocks.end(part); place++) {
                Arrays.fill(sums, 0);
                while (next != null && next._1().place() == place) {
                    ByteBuffer.wrap(next._2()).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(block);
                    for (int i = 0; i < sums.length; i++) {
                        sums[i] += block[i];
                    }
                    next = sorted.hasNext() ? sorted.next() : null;
                }
                for (int i = 0; i < sums.length; i++) {
                    block[i] = (float) sums[i];
                }
                writer.write(bytes(block));
            }
            return writer.finish();
        }
    }

    /** A block's bytes, which are those of the file. Java's serialization takes floats one by one, and bytes as they are. */
    private static byte[] bytes(float[] block) {
        ByteBuffer bytes = ByteBuffer.allocate(block.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(block);
        return bytes.array();
    }

    static List<Part> parts(LayerFile file) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < file.blocks().parts(); i++) {
            parts.add(file.part(i));
        }
        return parts;
    }
}
