#!/usr/bin/env bash
# What it costs to finish a loop of vectors by a small method.
#
# Guess: a tile of a matrix product keeps its sums in vectors, and at its end adds them to the result, two by two. Whether the two
#   lines for that stand in place or in a static method of their own is a matter of taste: C2 inlines such a method.
# Seen (OpenJDK 17.0.15, Temurin 25.0.3): in place, methods with 12 and with 24 sums allocate nothing once they are compiled. With the
#   small method, the one with 12 sums allocates 32 KB a call: two objects for each of its 256 steps, since one of six calls is not
#   inlined, what is passed to it must be objects, and then so are these two sums in the loop. The one with 24 sums allocates 360 KB,
#   for eleven of twelve calls. Nothing warns. Where this was met, 24 sums ran at a fifteenth of the speed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" >/dev/null || { echo "needs a JDK, 17 or newer"; exit 2; }

python=$(command -v python3) || { echo "needs python3"; exit 2; }
# Methods that differ in the number of sums, and in how they end.
"$python" - >"$work/Tiles.java" <<'PYTHON'
def method(name, rows, by_method):
    sums = [f"s{row}_{column}" for row in range(rows) for column in range(2)]
    lines = [f"  static void {name}(float[] a, float[] b, float[] tile) {{"]
    lines += [f"    FloatVector {sum} = FloatVector.zero(S);" for sum in sums]
    lines += ["    for (int k = 0; k < DEPTH; k++) {",
              "      FloatVector left = FloatVector.fromArray(S, b, 2 * k * N);",
              "      FloatVector right = FloatVector.fromArray(S, b, 2 * k * N + N);"]
    for row in range(rows):
        lines += [f"      FloatVector f{row} = FloatVector.broadcast(S, a[k * {rows} + {row}]);",
                  f"      s{row}_0 = f{row}.fma(left, s{row}_0);", f"      s{row}_1 = f{row}.fma(right, s{row}_1);"]
    lines += ["    }"]
    for row in range(rows):
        if by_method:
            lines += [f"    add(s{row}_0, s{row}_1, tile, {row} * 2 * N);"]
            continue
        for column in range(2):
            lines += [f"    FloatVector.fromArray(S, tile, ({row} * 2 + {column}) * N).add(s{row}_{column})",
                      f"        .intoArray(tile, ({row} * 2 + {column}) * N);"]
    return lines + ["  }"]


print("""import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

public class Tiles {
  static final VectorSpecies<Float> S = FloatVector.SPECIES_256;
  static final int N = S.length();
  static final int DEPTH = 256;

  interface Tile { void add(float[] a, float[] b, float[] tile); }

  static long allocated(Tile tile) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] a = new float[12 * DEPTH], b = new float[2 * N * DEPTH], result = new float[24 * N];
    for (long end = System.nanoTime() + 5_000_000_000L; System.nanoTime() < end; ) { tile.add(a, b, result); }
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    for (int i = 0; i < 100; i++) { tile.add(a, b, result); }
    return (threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before) / 100;
  }

  static void add(FloatVector left, FloatVector right, float[] tile, int at) {
    FloatVector.fromArray(S, tile, at).add(left).intoArray(tile, at);
    FloatVector.fromArray(S, tile, at + N).add(right).intoArray(tile, at + N);
  }

  public static void main(String[] args) {
    System.out.println("Java " + System.getProperty("java.version"));
    long small = allocated(Tiles::small), smallByMethod = allocated(Tiles::smallByMethod);
    long large = allocated(Tiles::large), largeByMethod = allocated(Tiles::largeByMethod);
    System.out.println("bytes a call, 12 sums: in place " + small + ", by a method " + smallByMethod);
    System.out.println("bytes a call, 24 sums: in place " + large + ", by a method " + largeByMethod);
    boolean holds = small < 100 && smallByMethod > 10_000 && large < 100 && largeByMethod > 100_000;
    System.out.println(holds ? "PASS" : "FAIL: this has changed");
    System.exit(holds ? 0 : 1);
  }
""")
for line in (method("small", 6, False) + method("smallByMethod", 6, True) + method("large", 12, False)
             + method("largeByMethod", 12, True)):
    print(line)
print("}")
PYTHON
"$java"c --add-modules jdk.incubator.vector -d "$work" "$work/Tiles.java" 2>/dev/null || { echo "needs a JDK, 17 or newer"; exit 2; }
"$java" --add-modules jdk.incubator.vector -cp "$work" Tiles 2>/dev/null
