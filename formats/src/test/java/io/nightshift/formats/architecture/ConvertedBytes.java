package io.nightshift.formats.architecture;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** The bytes of an unquantized tensor as the converter writes them, worked out plainly. */
final class ConvertedBytes {
    private ConvertedBytes() {}

    /** SHA-256 of a tensor, read in blocks of so many rows. */
    static String sha256(ModelFolder folder, TensorRecipe recipe, long blockRows)
            throws IOException, NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        RowReader reader = new RowReader(folder);
        if (recipe.content() instanceof TensorRecipe.Computed computed) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * computed.values().size()).order(ByteOrder.LITTLE_ENDIAN);
            computed.values().forEach(bytes::putFloat);
            digest.update(bytes.array());
        } else if (recipe.content() instanceof TensorRecipe.Stored stored) {
            for (long from = 0; from < recipe.rows(); from += blockRows) {
                long to = Math.min(recipe.rows(), from + blockRows);
                byte[] raw = new byte[(int) RowReader.bytes(recipe, stored, to - from)];
                reader.read(recipe, stored, from, to, raw);
                SourceRows part = stored.parts().get(0);
                digest.update(recipe.type().isQuantized() ? raw : convert(raw, stored.type(), part.shift(), recipe));
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static byte[] convert(byte[] raw, GgmlType type, float shift, TensorRecipe recipe) {
        ByteBuffer in = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out = ByteBuffer.allocate(raw.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            float weight = switch (type) {
                case F32 -> in.getFloat();
                case BF16 -> Float.intBitsToFloat(in.getShort() << 16);
                case F16 -> HalfFloat.toFloat(in.getShort());
                default -> throw new IllegalArgumentException(type.name());
            };
            if (shift != 0) {
                weight = type == GgmlType.F16
                        ? HalfFloat.toFloat(HalfFloat.fromFloat(weight + shift))
                        : weight + shift;
            }
            switch (recipe.type()) {
                case F32 -> out.putFloat(weight);
                case F16 -> out.putShort(HalfFloat.fromFloat(weight));
                case BF16 -> out.putShort(brain(weight));
                default -> throw new IllegalArgumentException(recipe.type().name());
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static short brain(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + (0x7fff + (bits >>> 16 & 1)) >>> 16);
    }
}
