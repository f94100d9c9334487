package io.nightshift.jobs.tasks;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Results of tasks in a folder that outlives their run, so that a run which is cut off can be continued: what a task finds
 * there it need not make. To be asked by tasks, for results that follow from the folder's digest and their name alone
 * ({@link WorkFolder#kept}): then it is the same whichever attempt, or run beside this one, makes, keeps or deletes them.
 *
 * <p>A file is its length, a CRC-32C of name and content, and the content. One that is damaged or cut short is made anew.
 * Memory: the content twice while it is written or read.
 */
public final class KeptResults implements Serializable {
    private static final long serialVersionUID = 1;

    private static final int HEAD = 2 * Long.BYTES;

    /** Keeps and finds nothing. */
    public static final KeptResults NONE = new KeptResults(null);

    /** The folder outlives its run, and others may write there: nothing but values is read from it. */
    private static final ObjectInputFilter VALUES = ObjectInputFilter.Config.createFilter(
            "io.nightshift.**;java.lang.*;java.util.*;!*");

    private final WorkFiles files;

    KeptResults(WorkFiles files) {
        this.files = files;
    }

    /**
     * Makes a result.
     *
     * @param <T> the result
     */
    public interface Work<T> {
        /** Makes it. */
        T make() throws IOException;
    }

    /**
     * The result of a name: found, else made and kept.
     *
     * @param name fit for a file's name
     * @throws IOException if it cannot be made; where it cannot be read or kept, it is made or used all the same
     */
    public <T extends Serializable> T get(String name, Class<T> type, Work<T> work) throws IOException {
        Optional<T> found = find(name, type);
        if (found.isPresent()) {
            return found.get();
        }
        T made = work.make();
        try {
            keep(name, made);
        } catch (IOException e) {
            // It is of use to this run; only another one would have to make it anew.
        }
        return made;
    }

    /** The result of a name, if it was kept and is whole. */
    public <T extends Serializable> Optional<T> find(String name, Class<T> type) {
        if (files == null) {
            return Optional.empty();
        }
        try (DataInputStream in = files.read(name)) {
            long length = in.readLong();
            long checksum = in.readLong();
            byte[] content = in.readAllBytes();
            if (content.length != length || checksum(name, content) != checksum) {
                return Optional.empty();
            }
            try (ObjectInputStream objects = new ObjectInputStream(new ByteArrayInputStream(content))) {
                objects.setObjectInputFilter(VALUES);
                return Optional.of(type.cast(objects.readObject()));
            }
        } catch (IOException | ClassNotFoundException | ClassCastException e) {
            return Optional.empty();
        }
    }

    /**
     * Keeps a result for {@link #find}, in this run or another.
     *
     * @throws IOException if it cannot be written
     */
    public void keep(String name, Serializable result) throws IOException {
        if (files == null) {
            return;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[HEAD]);
        try (ObjectOutputStream objects = new ObjectOutputStream(bytes)) {
            objects.writeObject(result);
        }
        byte[] file = bytes.toByteArray();
        byte[] content = Arrays.copyOfRange(file, HEAD, file.length);
        ByteBuffer.wrap(file).putLong(content.length).putLong(checksum(name, content));
        files.put(name, file);
    }

    private static long checksum(String name, byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        crc.update(content);
        return crc.getValue();
    }

    /**
     * The folder, for what is too large to be one value, to be found by what is kept here.
     *
     * @throws IllegalStateException if nothing is kept
     */
    public WorkFiles files() {
        if (files == null) {
            throw new IllegalStateException("nothing is kept");
        }
        return files;
    }

    /** The names of those that are there, whole or not. */
    public Set<String> names() throws IOException {
        return files == null ? Set.of() : files.names();
    }

    /** How many of these names are there, whole or not. */
    public int count(List<String> names) throws IOException {
        Set<String> there = names();
        return (int) names.stream().filter(there::contains).count();
    }

    /** Deletes all of them: they are of no use any more. */
    public void delete() throws IOException {
        if (files != null) {
            files.delete("");
        }
    }
}
