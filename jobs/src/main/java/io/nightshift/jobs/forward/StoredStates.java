package io.nightshift.jobs.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.tasks.FloatFiles;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Hidden states as files of a run's work folder, one a group: what comes after them needs nothing that was before, so that a
 * lost executor costs no more than the layers since then. Spark's own checkpoints go to one folder of the whole context,
 * which runs side by side would take from each other.
 *
 * <p>A file is the group, the length of a sequence and the number of values as 32-bit numbers, then the values' bits
 * ({@link FloatFiles}), and what the tokens carry besides ({@link CarriedFiles}). Each attempt writes a file of its own, and
 * those of the attempts that Spark took the result of are read.
 *
 * <p>Memory of a task: the states of a group, with what its tokens carry.
 */
public final class StoredStates implements Serializable {
    private static final long serialVersionUID = 1;

    private final WorkFiles files;
    private final String folder;
    private final List<String> ofGroups;

    private StoredStates(WorkFiles files, String folder, List<String> ofGroups) {
        this.files = files;
        this.folder = folder;
        this.ofGroups = ofGroups;
    }

    /**
     * Computes hidden states and writes them.
     *
     * @param states one a partition
     * @param folder where in the work folder; nothing else is kept there
     * @throws InvalidModelException if the input of the computation cannot be used
     * @throws IOException if writing or a task failed
     */
    public static StoredStates write(JavaSparkContext spark, JavaRDD<HiddenStates> states, WorkFiles files, String folder)
            throws IOException {
        TaskRun.Body<HiddenStates, String> body = new Write(files, folder);
        return new StoredStates(files, folder, new TaskRun(spark, "hidden states " + folder).run(states, body));
    }

    /**
     * States that were written before.
     *
     * @param names what {@link #names} said
     */
    public static StoredStates of(WorkFiles files, List<String> names) {
        return new StoredStates(files, names.get(0).substring(0, names.get(0).lastIndexOf('/')), names);
    }

    /** The files' names, by which the states are found again: one a partition, at least one. */
    public List<String> names() {
        return ofGroups;
    }

    /** The states as they were, one a partition, in the same order; read whenever they are computed. */
    public JavaRDD<HiddenStates> read(JavaSparkContext spark) {
        WorkFiles from = files;
        return spark.parallelize(ofGroups, ofGroups.size()).map(name -> read(from, name));
    }

    /** All of them, within a task. */
    public List<HiddenStates> load() throws IOException {
        List<HiddenStates> states = new ArrayList<>();
        for (String name : ofGroups) {
            states.add(read(files, name));
        }
        return states;
    }

    /** Deletes the files. */
    public void delete() throws IOException {
        files.delete(folder);
    }

    /** The body of a task. */
    private record Write(WorkFiles files, String folder) implements TaskRun.Body<HiddenStates, String>, Serializable {
        @Override
        public String run(int partition, Iterator<HiddenStates> states, int attempt) throws IOException {
            String name = folder + "/" + partition + "-" + attempt;
            StoredStates.write(states.next(), files, name);
            return name;
        }
    }

    private static void write(HiddenStates states, WorkFiles files, String name) throws IOException {
        try (DataOutputStream out = files.write(name)) {
            out.writeInt(states.group());
            out.writeInt(states.sequenceLength());
            out.writeInt(states.values().length);
            FloatFiles.write(out, states.values());
            CarriedFiles.write(out, states.carried());
        }
    }

    /**
     * States of a file, within a task.
     *
     * @param name one of {@link #names}
     * @throws IOException if they cannot be read
     */
    public static HiddenStates read(WorkFiles files, String name) throws IOException {
        try (DataInputStream in = files.read(name)) {
            int group = in.readInt();
            int length = in.readInt();
            float[] values = new float[in.readInt()];
            FloatFiles.read(in, values, 0, values.length);
            return new HiddenStates(group, length, values, CarriedFiles.read(in));
        } catch (EOFException e) {
            throw new IOException(files.folder() + "/" + name + ": is not as it was written; run again", e);
        }
    }
}
