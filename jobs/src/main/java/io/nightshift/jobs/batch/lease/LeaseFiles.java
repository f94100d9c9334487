package io.nightshift.jobs.batch.lease;

import io.nightshift.jobs.batch.files.NightFiles;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * The files of a lease: numbered, and the highest number counts. Taking or renewing it is making the next number, which
 * a store lets one of several do; so nothing is ever replaced, and stores need no more than an exclusive create.
 */
final class LeaseFiles {
    private static final String FOLDER = ".nightshift/lease";
    private static final String END = ".json";

    private final NightFiles files;

    LeaseFiles(NightFiles files) {
        this.files = files;
    }

    /**
     * The file that counts.
     *
     * @param modified by the store's clock, in milliseconds
     */
    record Current(long number, long modified, Optional<LeaseRecord> record) {}

    String location() {
        return files.location(FOLDER);
    }

    /** The highest number, if there is any. */
    Optional<Current> current() throws IOException {
        // Between listing and reading its holder may renew it, which deletes the number that was listed.
        for (int tries = 0; ; tries++) {
            Optional<NightFiles.Entry> highest = numbered().stream().max(Comparator.comparingLong(LeaseFiles::number));
            if (highest.isEmpty()) {
                return Optional.empty();
            }
            Optional<byte[]> content = files.read(highest.get().name());
            if (content.isPresent() || tries == 3) {
                return Optional.of(new Current(number(highest.get()), highest.get().modified(),
                        content.flatMap(LeaseRecord::read)));
            }
        }
    }

    private List<NightFiles.Entry> numbered() throws IOException {
        return files.list(FOLDER).stream().filter(entry -> entry.name().matches(".*/\\d{9}\\.json")).toList();
    }

    private static long number(NightFiles.Entry entry) {
        int at = entry.name().lastIndexOf('/') + 1;
        return Long.parseLong(entry.name().substring(at, entry.name().length() - END.length()));
    }

    private static String name(long number) {
        return FOLDER + "/" + String.format(Locale.ROOT, "%09d", number) + END;
    }

    boolean create(long number, LeaseRecord record) throws IOException {
        return files.create(name(number), record.toBytes());
    }

    /** Deletes the numbers below one. */
    void deleteBelow(long number) throws IOException {
        for (NightFiles.Entry entry : numbered()) {
            if (number(entry) < number) {
                files.delete(entry.name());
            }
        }
    }

    void delete(long number) throws IOException {
        files.delete(name(number));
    }

    /** The time by the clock that the store puts on files, in milliseconds: no other clock can be compared with those. */
    long now() throws IOException {
        String probe = FOLDER + "/now-" + UUID.randomUUID();
        files.write(probe, new byte[] {'n'});
        try {
            return files.list(FOLDER).stream().filter(entry -> entry.name().equals(probe)).findFirst()
                    .orElseThrow(() -> new IOException(files.location(probe) + ": was written and is not shown; run again"))
                    .modified();
        } finally {
            files.delete(probe);
        }
    }
}
