package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Fields of a block as numbers, and runs of its bytes as 32-bit lanes: {@link Lanes#COUNT} bytes, never one more. */
final class ByteLanes {
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** As many bytes as there are lanes; there is no vector of four bytes. */
    private static final VectorSpecies<Byte> BYTES =
            Lanes.COUNT == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    /** Twice as many bytes as there are lanes. */
    private static final VectorSpecies<Byte> PAIRS = Lanes.COUNT == 16
            ? ByteVector.SPECIES_256
            : Lanes.COUNT == 8 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

    /** 0, 1, 2, ... */
    static final IntVector INDEX = IntVector.zero(Lanes.INT).addIndex(1);

    private static final IntVector BYTE_SHIFT = INDEX.mul(8).and(31);

    private ByteLanes() {}

    /** Bytes as signed numbers. */
    static IntVector signed(byte[] bytes, int offset) {
        if (Lanes.COUNT == 4) {
            return IntVector.broadcast(Lanes.INT, int32(bytes, offset))
                    .lanewise(VectorOperators.LSHR, BYTE_SHIFT)
                    .lanewise(VectorOperators.LSHL, 24)
                    .lanewise(VectorOperators.ASHR, 24);
        }
        return (IntVector) ByteVector.fromArray(BYTES, bytes, offset).castShape(Lanes.INT, 0);
    }

    /** Bytes as unsigned numbers. */
    static IntVector unsigned(byte[] bytes, int offset) {
        return loose(bytes, offset).and(0xff);
    }

    /** Bytes with anything above their eight bits: for those who take some of the eight. */
    static IntVector loose(byte[] bytes, int offset) {
        if (Lanes.COUNT == 4) {
            return IntVector.broadcast(Lanes.INT, int32(bytes, offset)).lanewise(VectorOperators.LSHR, BYTE_SHIFT);
        }
        return (IntVector) ByteVector.fromArray(BYTES, bytes, offset).castShape(Lanes.INT, 0);
    }

    /** Little-endian pairs of bytes as signed numbers. */
    static IntVector shorts(byte[] bytes, int offset) {
        return (IntVector)
                ByteVector.fromArray(PAIRS, bytes, offset).reinterpretAsShorts().castShape(Lanes.INT, 0);
    }

    /** The float nearest to each lane. */
    static FloatVector toFloat(IntVector lanes) {
        return (FloatVector) lanes.convert(VectorOperators.I2F, 0);
    }

    /** The half-precision number at an offset. */
    static float half(byte[] bytes, int offset) {
        return HalfFloat.toFloat((short) SHORT.get(bytes, offset));
    }

    /** The unsigned byte at an offset. */
    static int uint8(byte[] bytes, int offset) {
        return bytes[offset] & 0xff;
    }

    /** The unsigned 16-bit number at an offset. */
    static int uint16(byte[] bytes, int offset) {
        return (short) SHORT.get(bytes, offset) & 0xffff;
    }

    /** The 32 bits at an offset. */
    static int int32(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }
}
