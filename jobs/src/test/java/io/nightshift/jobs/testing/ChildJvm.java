package io.nightshift.jobs.testing;

import java.util.List;

/** What JVMs that live for some seconds are started with: most of their time would be the compiler's. */
final class ChildJvm {
    /**
     * C2 takes ten times as many calls as by default before it compiles a method of Spark, Hadoop or the JDK, and no more
     * than by default for one of ours: vector code is slow until C2 has compiled it.
     */
    static final List<String> OPTIONS = List.of(
            "-XX:Tier4InvocationThreshold=50000",
            "-XX:Tier4MinInvocationThreshold=6000",
            "-XX:Tier4CompileThreshold=150000",
            "-XX:Tier4BackEdgeThreshold=400000",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=CompileThresholdScaling,io.nightshift.*::*,0.1",
            "-XX:+UseSerialGC");

    private ChildJvm() {}
}
