package io.nightshift.jobs.quantize;

import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.WorkFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a run keeps of its dearest work, so that another run can go on with it where this one is cut off: scales of channels,
 * errors of choices, rounded rows. Each kind has a folder that is named after all that it follows from: a run with other
 * options, statistics or weights, or of another version, finds nothing there.
 */
final class KeptWork {
    private final WorkFolder work;
    private final String job;
    private final List<StoredFile> source;
    private final String statistics;
    private final boolean fresh;
    private final List<KeptResults> all = new ArrayList<>();

    /**
     * Nothing yet.
     *
     * @param job that keeps it, by {@link PlanDigest#ofJob}
     * @param source the files of the checkpoint
     * @param statistics their text
     * @param fresh whether nothing of an earlier run is used
     */
    KeptWork(WorkFolder work, String job, List<StoredFile> source, String statistics, boolean fresh) {
        this.work = work;
        this.job = job;
        this.source = source;
        this.statistics = statistics;
        this.fresh = fresh;
    }

    /**
     * Results of a kind.
     *
     * @param kind of them
     * @param madeOf what they follow from besides the checkpoint and the statistics
     */
    KeptResults of(String kind, Stream<String> madeOf) throws IOException {
        String digest = PlanDigest.ofWork(kind, source, Stream.concat(Stream.of(statistics), madeOf));
        KeptResults found = work.kept(job, digest, fresh);
        all.add(found);
        return found;
    }

    /** Deletes all that this run kept, and found: its outputs are there. */
    void delete() throws IOException {
        for (KeptResults results : all) {
            results.delete();
        }
    }
}
