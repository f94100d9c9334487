package io.nightshift.jobs.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The process that a run belongs to, so that another process of the same machine can tell that it is dead.
 *
 * @param machine the machine's name and the time since which it is up; empty where the system does not tell
 * @param process its id
 * @param start when it started, in milliseconds; 0 where the system does not tell
 */
record RunOwner(String machine, long process, long start) {
    /** Linux draws the second anew when the machine starts; containers have it in common, but each a name of its own. */
    private static final Path NAME = Path.of("/proc/sys/kernel/hostname");
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

    /** This process. */
    static RunOwner ofThisProcess() {
        return new RunOwner(thisMachine(), ProcessHandle.current().pid(), start(ProcessHandle.current()));
    }

    /** What {@link #toLine} wrote; nothing if it is no such line. */
    static Optional<RunOwner> parse(String line) {
        String[] words = line.strip().split(" ");
        try {
            return words.length == 3
                    ? Optional.of(new RunOwner(words[0], Long.parseLong(words[1]), Long.parseLong(words[2])))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** One line. */
    String toLine() {
        return machine + " " + process + " " + start;
    }

    /** Whether it is sure to have ended: it was on this machine, and there is no such process any more. */
    boolean isDead() {
        if (machine.isEmpty() || !machine.equals(thisMachine())) {
            return false;
        }
        Optional<ProcessHandle> found = ProcessHandle.of(process);
        return found.isEmpty() || start != 0 && start(found.get()) != 0 && start(found.get()) != start;
    }

    private static long start(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    private static String thisMachine() {
        try {
            return Files.readString(NAME).strip().replace(' ', '_') + "/" + Files.readString(BOOT).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
