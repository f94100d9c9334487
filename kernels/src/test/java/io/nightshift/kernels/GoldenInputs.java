package io.nightshift.kernels;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the inputs of the golden tests as raw little-endian floats, for a program that runs ggml's own quantizers over
 * them: {@code KIND.f32} (rows) and {@code KIND.importance.f32} (columns).
 */
public final class GoldenInputs {
    private GoldenInputs() {}

    /** @param arguments the folder to write to */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        for (BlockInputs kind : BlockInputs.values()) {
            write(folder.resolve(kind + ".f32"), kind.rows());
            write(folder.resolve(kind + ".importance.f32"), kind.importance());
        }
    }

    private static void write(Path file, float[] values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(values);
        Files.write(file, buffer.array());
    }
}
