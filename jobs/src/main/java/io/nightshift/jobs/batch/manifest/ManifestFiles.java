package io.nightshift.jobs.batch.manifest;

import java.io.IOException;
import java.util.List;

/** What a manifest has to be told of the stores that it names. */
public interface ManifestFiles {
    /**
     * The checkpoints that a location stands for.
     *
     * @param several whether it may stand for more than one
     * @param folders their locations, sorted; none if there are none
     */
    record Checkpoints(boolean several, List<String> folders) {}

    /**
     * The checkpoints of a location: folders with a {@code config.json}. With a glob, or a slash at its end, each that
     * matches and, where a match is none itself, each directly below it; else the folder itself. A folder of that very
     * name is no glob.
     *
     * @throws IOException if a store does not answer or refuses
     */
    Checkpoints checkpoints(String location) throws IOException;

    /**
     * The files of texts that a location stands for: a file, those of a folder, or those of a glob.
     *
     * @return their locations, sorted; none if there are none
     * @throws IOException if a store does not answer or refuses
     */
    List<String> texts(String location) throws IOException;
}
