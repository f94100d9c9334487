package io.nightshift.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shape of all kernels, chosen once when the JVM starts.
 *
 * <p>It is the machine's preferred shape, kept within 128 to 512 bits, unless the system property {@value #PROPERTY}
 * names 128, 256 or 512: that is how the tests run every kernel at every width. Results never depend on it.
 *
 * <p>Kernels shift by a count that is not a constant as by a vector, broadcast from it: C2 of JDK 17 was seen to
 * miscompile {@code lanewise(LSHR, int)} in a loop over sub-blocks at 128 bits.
 */
public final class Lanes {
    /** System property that overrides the shape: 128, 256 or 512. */
    public static final String PROPERTY = "nightshift.vector.bits";

    private static final VectorShape SHAPE = shape();

    /** Species of 32-bit floats. */
    public static final VectorSpecies<Float> FLOAT = FloatVector.SPECIES_64.withShape(SHAPE);

    /** Species of 64-bit floats, half as many lanes as {@link #FLOAT}. */
    public static final VectorSpecies<Double> DOUBLE = DoubleVector.SPECIES_64.withShape(SHAPE);

    /** Species of 32-bit integers, as many lanes as {@link #FLOAT}. */
    public static final VectorSpecies<Integer> INT = IntVector.SPECIES_64.withShape(SHAPE);

    /** Species of 16-bit integers, twice as many lanes as {@link #FLOAT}. */
    public static final VectorSpecies<Short> SHORT = ShortVector.SPECIES_64.withShape(SHAPE);

    /** Species of bytes, four times as many lanes as {@link #FLOAT}. */
    public static final VectorSpecies<Byte> BYTE = ByteVector.SPECIES_64.withShape(SHAPE);

    /** Species of 16-bit integers in half the shape: as many lanes as {@link #FLOAT}. */
    public static final VectorSpecies<Short> HALF_SHORT = ShortVector.SPECIES_64.withShape(shape(2));

    /** Species of bytes in half the shape: what {@link #HALF_SHORT} is loaded and stored as. */
    public static final VectorSpecies<Byte> HALF_BYTE = ByteVector.SPECIES_64.withShape(shape(2));

    /**
     * Species of bytes in a quarter of the shape, but of 64 bits at least: at least as many lanes as {@link #FLOAT}.
     */
    public static final VectorSpecies<Byte> QUARTER_BYTE = ByteVector.SPECIES_64.withShape(shape(4));

    /** Number of 32-bit lanes: 4, 8 or 16. */
    public static final int COUNT = FLOAT.length();

    private Lanes() {}

    private static VectorShape shape(int parts) {
        return VectorShape.forBitSize(Math.max(64, SHAPE.vectorBitSize() / parts));
    }

    private static VectorShape shape() {
        String bits = System.getProperty(PROPERTY);
        if (bits == null) {
            int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
            return VectorShape.forBitSize(Math.max(128, Math.min(512, preferred)));
        }
        return switch (bits) {
            case "128" -> VectorShape.S_128_BIT;
            case "256" -> VectorShape.S_256_BIT;
            case "512" -> VectorShape.S_512_BIT;
            default -> throw new IllegalArgumentException(
                    "-D" + PROPERTY + "=" + bits + ": give 128, 256 or 512, or leave it out");
        };
    }
}
