#!/usr/bin/env bash
# How many bytes S3A fetches for ranges of a large object.
#
# Guess: a positioned read under the read policy 'random' fetches the range that was asked for, and the stream's statistics
#   (stream_read_bytes) count what came over the network.
# Seen (hadoop-aws 3.5.0, whose default stream is the analytics one): readers that each read 4 of 8 MiB in steps of 1 MiB
#   fetch 5 MiB, though the policy is 'random'. With the policy 'whole-file' each of them fetches the whole object of 64 MiB
#   and more, whatever it reads. The statistics say 4 MiB every time. The stream 'classic' fetches what is asked for.
set -euo pipefail
"$(dirname "$0")/s3a/run" Fetch <<'JAVA'
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.statistics.IOStatisticsSource;

public class Fetch {
    public static void main(String[] args) {
        Store.report(Fetch::holds);
    }

    static final int MIB = 1 << 20;
    static final AtomicLong SENT = new AtomicLong();

    /** A port that passes everything on to another one, and counts what comes back. */
    static int counting(int port) throws IOException {
        ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(() -> {
            while (true) {
                Socket near = listening.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), port);
                start(() -> copy(near, far, new AtomicLong()));
                start(() -> copy(far, near, SENT));
            }
        });
        return listening.getLocalPort();
    }

    interface Work { void run() throws IOException; }

    static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // A connection was closed.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    static void copy(Socket from, Socket to, AtomicLong count) throws IOException {
        byte[] buffer = new byte[1 << 16];
        try (from; to) {
            for (int read; (read = from.getInputStream().read(buffer)) > 0; ) {
                count.addAndGet(read);
                to.getOutputStream().write(buffer, 0, read);
            }
        }
    }

    /** Fetched and counted bytes over asked ones: eight readers, each with a file system of its own, as executors have. */
    static double[] ratios(Store store, String policy, String... settings) throws Exception {
        Path path = new Path("s3a://bucket/object");
        List<FileSystem> fileSystems = new ArrayList<>();
        SENT.set(0);
        long asked = 0;
        long counted = 0;
        for (long reader = 0; reader < 8; reader++) {
            FileSystem fileSystem = store.fileSystem(settings);
            fileSystems.add(fileSystem);
            byte[] block = new byte[MIB];
            var opening = fileSystem.openFile(path).opt("fs.option.openfile.read.policy", policy);
            try (FSDataInputStream in = opening.build().get()) {
                for (int i = 0; i < 4; i++, asked += MIB) {
                    in.readFully(reader * 8 * MIB + i * MIB, block);
                }
                counted += ((IOStatisticsSource) in).getIOStatistics().counters().get("stream_read_bytes");
            }
        }
        for (long before = -1; before != SENT.get(); ) { // what is fetched ahead is still on its way
            before = SENT.get();
            Thread.sleep(700);
        }
        for (FileSystem fileSystem : fileSystems) {
            fileSystem.close();
        }
        double[] ratios = {(double) SENT.get() / asked, (double) counted / asked};
        System.out.printf(Locale.ROOT, "%s %s: fetched %.2f of what was asked for, statistics say %.2f%n",
                settings.length == 0 ? "default" : settings[1], policy, ratios[0], ratios[1]);
        return ratios;
    }

    static boolean holds() throws Exception {
        Store store = new Store(counting(Store.start().port()));
        try (FileSystem fileSystem = store.fileSystem();
                FSDataOutputStream out = fileSystem.create(new Path("s3a://bucket/object"))) {
            byte[] block = new byte[MIB];
            for (int i = 0; i < 64; i++) {
                out.write(block);
            }
        }
        double[] random = ratios(store, "random");
        double[] whole = ratios(store, "whole-file");
        double[] classic = ratios(store, "random", "fs.s3a.input.stream.type", "classic");
        return random[0] > 1.2 && random[1] == 1 && whole[0] > 5 && whole[1] == 1
                && classic[0] < 1.01 && classic[1] == 1;
    }
}
JAVA
