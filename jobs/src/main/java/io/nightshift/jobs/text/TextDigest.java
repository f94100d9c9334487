package io.nightshift.jobs.text;

import io.nightshift.formats.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** SHA-256 of a series of texts or arrays: each text is preceded by its length in bytes. */
public final class TextDigest {
    private final Sha256 digest = new Sha256();

    /** Adds a text. */
    public TextDigest add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.add(ByteBuffer.allocate(Long.BYTES).putLong(bytes.length).array());
        return add(bytes);
    }

    /** Adds bytes as they are. */
    public TextDigest add(byte[] bytes) {
        digest.add(bytes);
        return this;
    }

    /** The digest of all that was added. */
    public String hexadecimal() {
        return digest.hexadecimal();
    }
}
