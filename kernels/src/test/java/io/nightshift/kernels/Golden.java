package io.nightshift.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Properties;

/**
 * SHA-256 digests of what ggml itself made of {@link BlockInputs}, taken from a build for baseline x86-64.
 *
 * <p>One resource a type, {@code golden/TYPE.properties}: {@code KIND} without importance, {@code KIND.importance} with;
 * {@code .valid} after it says whether ggml finds these blocks valid, {@code .dequantized} is the digest of the
 * little-endian floats that ggml makes of them.
 */
public final class Golden {
    private final Properties digests = new Properties();
    private final String resource;

    public Golden(GgmlType type) {
        resource = "/golden/" + type + ".properties";
        try (InputStream in = Golden.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new AssertionError("no golden digests " + resource);
            }
            digests.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean has(BlockInputs kind, boolean importance) {
        return digests.containsKey(key(kind, importance));
    }

    public String digest(BlockInputs kind, boolean importance) {
        return get(key(kind, importance));
    }

    public boolean valid(BlockInputs kind, boolean importance) {
        return Boolean.parseBoolean(get(key(kind, importance) + ".valid"));
    }

    public String dequantized(BlockInputs kind, boolean importance) {
        return get(key(kind, importance) + ".dequantized");
    }

    private String get(String key) {
        String value = digests.getProperty(key);
        if (value == null) {
            throw new AssertionError(resource + " has no " + key);
        }
        return value;
    }

    private static String key(BlockInputs kind, boolean importance) {
        return importance ? kind + ".importance" : kind.toString();
    }

    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
