#!/usr/bin/env bash
# Float sums over the lanes of a vector, with jdk.incubator.vector. Needs a JDK 25 in JAVA_HOME or on the PATH.
#
# Guess: reduceLanes(ADD) has some fixed order of additions, so a pure function gives the same bits every time that it is
#   called with the same numbers in one process.
# Seen (JDK 25.0.3, x86-64): the interpreter adds from the first lane to the last, compiled code in another order. The same
#   call with the same arrays gives other bits once its method was compiled, for more than a third of random inputs; which
#   bits a program prints depends on how warm it is. On JDK 17 such sums do not change, though lanewise(EXP) does on both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
command -v "${bin}javac" >/dev/null || { echo "needs a JDK"; exit 2; }
[[ $("${bin}java" -version 2>&1) == *'version "25'* ]] || { echo "needs a JDK 25: set JAVA_HOME"; exit 2; }
[ "$(uname -m)" = x86_64 ] || { echo "seen on x86-64 alone"; exit 2; }
cat > "$work/Sums.java" <<'JAVA'
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

public class Sums {
    private static final int TRIALS = 200;
    private static final int LENGTH = 64;

    static float product(float[] a, float[] b) {
        FloatVector sum = FloatVector.zero(FloatVector.SPECIES_256);
        for (int i = 0; i < LENGTH; i += 8) {
            sum = sum.add(FloatVector.fromArray(FloatVector.SPECIES_256, a, i)
                    .mul(FloatVector.fromArray(FloatVector.SPECIES_256, b, i)));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    static float exponential(float[] a) {
        return FloatVector.fromArray(FloatVector.SPECIES_256, a, 0).lanewise(VectorOperators.EXP).lane(0);
    }

    public static void main(String[] args) {
        System.out.println("Java " + System.getProperty("java.version") + ", " + System.getProperty("os.arch"));
        Random random = new Random(7);
        float[][] a = new float[TRIALS][LENGTH];
        float[][] b = new float[TRIALS][LENGTH];
        for (int i = 0; i < TRIALS; i++) {
            for (int j = 0; j < LENGTH; j++) {
                a[i][j] = (float) random.nextGaussian();
                b[i][j] = (float) random.nextGaussian();
            }
        }
        float[] coldSums = new float[TRIALS];
        float[] coldExponentials = new float[TRIALS];
        for (int i = 0; i < TRIALS; i++) {
            coldSums[i] = product(a[i], b[i]);
            coldExponentials[i] = exponential(a[i]);
        }
        float sink = 0;
        for (int round = 0; round < 3000; round++) {
            for (int i = 0; i < TRIALS; i++) {
                sink += product(a[i], b[i]) + exponential(a[i]);
            }
        }
        int sums = 0;
        int exponentials = 0;
        for (int i = 0; i < TRIALS; i++) {
            sums += coldSums[i] == product(a[i], b[i]) ? 0 : 1;
            exponentials += coldExponentials[i] == exponential(a[i]) ? 0 : 1;
        }
        System.out.println("of " + TRIALS + " calls, other bits once compiled: sums " + sums + ", exponentials " + exponentials
                + (Float.isNaN(sink) ? " (not a number)" : ""));
        boolean holds = sums > TRIALS / 10 && exponentials > 0;
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
cd "$work"
"${bin}javac" --add-modules jdk.incubator.vector Sums.java 2>javac.log || { cat javac.log; exit 2; }
"${bin}java" --add-modules jdk.incubator.vector Sums 2>java.log || { grep -E "Exception|Error" java.log | head -n 5; exit 1; }
