#!/usr/bin/env bash
# What it costs to turn a vector of floats into integers.
#
# Guess: x86 has had one instruction for each direction since SSE2, so the Vector API's conversions from integers to floats (I2F) and
#   from floats to integers (F2I) cost the same.
# Seen (OpenJDK 17.0.15, Temurin 25.0.3, AVX-512 and AVX2): on 17 a loop of I2F takes 0.07 ns a number and allocates nothing once it is
#   compiled; the same loop of F2I takes 5 to 7 ns and allocates 38 bytes a number, since that version makes no instruction of it
#   and each vector goes through arrays. Nothing warns. On 25 both are equal. Adding 1.5 * 2^23 and subtracting its bits gives the
#   same integers below 2^22, rounded instead of cut off, at full speed on both. Times are for reading: what is allocated decides.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" >/dev/null || { echo "needs a JDK, 17 or newer"; exit 2; }
[ "$(uname -m)" = x86_64 ] || { echo "is about x86"; exit 2; }

cat >"$work/Conversions.java" <<'JAVA'
import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

public class Conversions {
  static final VectorSpecies<Float> F = FloatVector.SPECIES_256;
  static final VectorSpecies<Integer> I = IntVector.SPECIES_256;
  static final float ROUNDING = 0x1.8p23f;
  static final int BITS = Float.floatToRawIntBits(ROUNDING);
  static final int COUNT = 1024;
  static final float[] floats = new float[COUNT];
  static final int[] ints = new int[COUNT];

  static void toFloats() {
    for (int i = 0; i < COUNT; i += F.length()) {
      IntVector.fromArray(I, ints, i).convert(VectorOperators.I2F, 0).reinterpretAsFloats().intoArray(floats, i);
    }
  }

  static void toInts() {
    for (int i = 0; i < COUNT; i += F.length()) {
      FloatVector.fromArray(F, floats, i).convert(VectorOperators.F2I, 0).reinterpretAsInts().intoArray(ints, i);
    }
  }

  static void toIntsByAddition() {
    for (int i = 0; i < COUNT; i += F.length()) {
      FloatVector.fromArray(F, floats, i).add(ROUNDING).reinterpretAsInts().sub(BITS).intoArray(ints, i);
    }
  }

  static double[] measure(String name, Runnable loop) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (long end = System.nanoTime() + 4_000_000_000L; System.nanoTime() < end; ) { loop.run(); }
    long bytes = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    long start = System.nanoTime();
    for (int i = 0; i < 2000; i++) { loop.run(); }
    double time = (System.nanoTime() - start) / 2000.0 / COUNT;
    double allocated = (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes) / 2000.0 / COUNT;
    System.out.printf("%-22s %.3f ns and %.2f bytes a number%n", name, time, allocated);
    return new double[] {time, allocated};
  }

  public static void main(String[] args) {
    int version = Runtime.version().feature();
    System.out.println("Java " + System.getProperty("java.version"));
    for (int i = 0; i < COUNT; i++) { ints[i] = i - COUNT / 2; }
    double[] toFloats = measure("I2F", Conversions::toFloats);
    double[] toInts = measure("F2I", Conversions::toInts);
    for (int i = 0; i < COUNT; i++) { if (ints[i] != i - COUNT / 2) { throw new AssertionError("F2I gives " + ints[i]); } }
    double[] byAddition = measure("F2I by addition", Conversions::toIntsByAddition);
    for (int i = 0; i < COUNT; i++) { if (ints[i] != i - COUNT / 2) { throw new AssertionError("addition gives " + ints[i]); } }
    boolean direct = toFloats[1] < 0.1 && byAddition[1] < 0.1;
    boolean boxed = toInts[1] > 10;
    boolean holds = direct && (version < 18 ? boxed : version < 25 || !boxed);
    System.out.println(holds ? "PASS" : "FAIL: this has changed");
    System.exit(holds ? 0 : 1);
  }
}
JAVA
"$java"c --add-modules jdk.incubator.vector -d "$work" "$work/Conversions.java" 2>/dev/null ||
  { echo "needs a JDK, 17 or newer"; exit 2; }
"$java" --add-modules jdk.incubator.vector -cp "$work" Conversions 2>/dev/null
