#!/usr/bin/env bash
# Adding up bytes with jdk.incubator.vector. Needs a JDK, 17 or newer, in JAVA_HOME or on the PATH.
#
# Guess: ByteVector.reduceLanesToLong(ADD), which returns a long, adds the bytes up as longs.
# Seen (JDK 17.0.15 and 25.0.3): it adds them up as bytes, which wrap, and widens the result: sixteen times 100 is 64. So do
#   shorts and ints: sixteen times a thousand million is not sixteen thousand million. Only after a conversion of the vector
#   (convertShape(B2I), a part at a time) is the sum right.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
command -v "${bin}javac" >/dev/null || { echo "needs a JDK"; exit 2; }

cat > "$work/Bytes.java" <<'JAVA'
import java.util.Arrays;
import jdk.incubator.vector.*;

public class Bytes {
    public static void main(String[] args) {
        System.out.println("Java " + System.getProperty("java.version"));
        byte[] bytes = new byte[16];
        Arrays.fill(bytes, (byte) 100);
        int[] ints = new int[16];
        Arrays.fill(ints, 1_000_000_000);
        ByteVector vector = ByteVector.fromArray(ByteVector.SPECIES_128, bytes, 0);
        long ofBytes = vector.reduceLanesToLong(VectorOperators.ADD);
        long ofInts = IntVector.fromArray(IntVector.SPECIES_512, ints, 0).reduceLanesToLong(VectorOperators.ADD);
        long converted = vector.convertShape(VectorOperators.B2I, IntVector.SPECIES_512, 0)
                .reduceLanesToLong(VectorOperators.ADD);
        System.out.println("sixteen bytes of 100: " + ofBytes + ", converted to ints first: " + converted);
        System.out.println("sixteen ints of 1000000000: " + ofInts);
        boolean holds = ofBytes == (byte) 1600 && ofInts == (int) 16_000_000_000L && converted == 1600;
        System.out.println(holds ? "PASS" : "FAIL: this has changed");
        System.exit(holds ? 0 : 1);
    }
}
JAVA
cd "$work"
"${bin}javac" --add-modules jdk.incubator.vector Bytes.java 2>javac.log || { cat javac.log; exit 2; }
"${bin}java" --add-modules jdk.incubator.vector Bytes 2>java.log || { grep -E "Exception|Error" java.log | head -n 5; exit 1; }
