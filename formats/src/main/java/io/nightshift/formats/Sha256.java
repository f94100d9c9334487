package io.nightshift.formats;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of bytes that come one after the other. */
public final class Sha256 {
    private final MessageDigest digest;

    /** A digest of nothing yet. */
    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The digest of some bytes, in hexadecimal. */
    public static String of(byte[] bytes) {
        return new Sha256().add(bytes).hexadecimal();
    }

    /** Adds bytes. */
    public Sha256 add(byte[] bytes) {
        return add(bytes, 0, bytes.length);
    }

    /** Adds so many bytes from an offset. */
    public Sha256 add(byte[] bytes, int offset, int count) {
        digest.update(bytes, offset, count);
        return this;
    }

    /** Adds a text's bytes in UTF-8. */
    public Sha256 add(String text) {
        return add(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The digest of all that was added, 64 digits. Nothing can be added afterwards. */
    public String hexadecimal() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
