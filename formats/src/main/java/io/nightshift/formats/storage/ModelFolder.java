package io.nightshift.formats.storage;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A folder of model files, local or in an object store. Implementations are safe for use by several threads. */
public interface ModelFolder {
    /** Where it is, as the user gave it: for messages. */
    String location();

    /** The last part of its path: the converter derives the model's name from it. */
    String name();

    /**
     * Its files, sorted by name; folders are left out.
     *
     * @throws IOException if the folder is missing or cannot be read; the message names it
     */
    List<StoredFile> list() throws IOException;

    /**
     * The names of the folders within this one, sorted; hidden ones are left out.
     *
     * @throws IOException if that cannot be found out
     */
    List<String> subfolders() throws IOException;

    /**
     * The folder of that name within this one, if there is one.
     *
     * @throws IOException if that cannot be found out
     */
    Optional<ModelFolder> subfolder(String name) throws IOException;

    /**
     * Reads a range of a file.
     *
     * @param file its name within the folder
     * @param position where the range starts
     * @param into receives {@code length} bytes from {@code offset} on
     * @throws java.io.EOFException if the file ends within the range
     * @throws IOException if it cannot be read; the message names it
     */
    void readFully(String file, long position, byte[] into, int offset, int length) throws IOException;

    /** The file of that name, if there is one. */
    default Optional<StoredFile> find(String name) throws IOException {
        return list().stream().filter(file -> file.name().equals(name)).findFirst();
    }

    /**
     * A whole file.
     *
     * @param name its name; one of a subfolder's files has the subfolder's before it, with a slash
     * @throws IOException if it is missing, cannot be read or has more than 2 GiB
     */
    default byte[] read(String name) throws IOException {
        int slash = name.indexOf('/');
        if (slash > 0) {
            Optional<ModelFolder> subfolder = subfolder(name.substring(0, slash));
            if (subfolder.isPresent()) {
                return subfolder.get().read(name.substring(slash + 1));
            }
        }
        StoredFile file = find(name).orElseThrow(() -> new IOException(location() + ": there is no file " + name));
        if (file.length() > Integer.MAX_VALUE - 8) {
            throw new IOException(location() + "/" + name + ": too large to read at once (" + file.length() + " bytes)");
        }
        byte[] content = new byte[(int) file.length()];
        readFully(name, 0, content, 0, content.length);
        return content;
    }
}
