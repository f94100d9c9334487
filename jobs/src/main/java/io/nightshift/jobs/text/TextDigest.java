package io.nightshift.jobs.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of a series of texts or arrays: each text is preceded by its length in bytes. */
public final class TextDigest {
    private final MessageDigest digest;

    /** A digest of nothing yet. */
    public TextDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Adds a text. */
    public TextDigest add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(bytes.length).array());
        return add(bytes);
    }

    /** Adds bytes as they are. */
    public TextDigest add(byte[] bytes) {
        digest.update(bytes);
        return this;
    }

    /** The digest of all that was added. */
    public String hexadecimal() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
