package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How large a GGUF file may become: {@code 4.65bpw}, {@code 7.5GB}, {@code fit=8GB@4096}. */
public sealed interface FileSize {
    /** How sizes are written. */
    String USAGE = "a size such as 4.65bpw (bits a weight), 7.5GB or 7.2GiB, or the memory that it has to fit into, with the"
            + " tokens of the context: fit=8GB@4096";

    /** In its one spelling. */
    String text();

    /** Fit for a file's name. */
    default String label() {
        return text();
    }

    /**
     * What counts beside the data of the tensors.
     *
     * @param weights of all tensors
     * @param headerBytes what stands before the data
     * @param metadata of the file
     */
    record Contents(long weights, long headerBytes, GgufMetadata metadata) {}

    /**
     * Bits that the data of all tensors may take, padding included: negative where what else counts is too much alone.
     *
     * @throws InvalidModelException if that cannot be told of the model
     */
    long dataBits(Contents contents);

    /** A size as people say it, of a file with so much data: in bits a weight, or bytes. */
    String describe(long dataBits, Contents contents);

    /**
     * Bits of the data of all tensors for each weight of the model.
     *
     * @param bits more than 0
     */
    record BitsPerWeight(BigDecimal bits) implements FileSize {
        @Override
        public String text() {
            return bits.toPlainString() + "bpw";
        }

        @Override
        public long dataBits(Contents contents) {
            return bits.multiply(BigDecimal.valueOf(contents.weights())).setScale(0, RoundingMode.FLOOR).longValueExact();
        }

        @Override
        public String describe(long dataBits, Contents contents) {
            return BigDecimal.valueOf(dataBits).divide(BigDecimal.valueOf(contents.weights()), 3, RoundingMode.CEILING) + "bpw";
        }
    }

    /**
     * Bytes of the whole file.
     *
     * @param number of units
     * @param unit MB, MiB, GB or GiB
     */
    record Bytes(BigDecimal number, String unit) implements FileSize {
        private static final Map<String, Long> UNITS = Map.of("MB", 1_000_000L, "MiB", 1L << 20, "GB", 1_000_000_000L,
                "GiB", 1L << 30);

        private BigDecimal unitBytes() {
            return BigDecimal.valueOf(UNITS.get(unit));
        }

        @Override
        public String text() {
            return number.toPlainString() + unit;
        }

        @Override
        public long dataBits(Contents contents) {
            return 8 * (bytes() - contents.headerBytes());
        }

        private long bytes() {
            return number.multiply(unitBytes()).setScale(0, RoundingMode.FLOOR).longValueExact();
        }

        @Override
        public String describe(long dataBits, Contents contents) {
            return describe((dataBits + 7) / 8 + contents.headerBytes());
        }

        private String describe(long bytes) {
            return BigDecimal.valueOf(bytes).divide(unitBytes(), 3, RoundingMode.CEILING) + unit;
        }
    }

    /**
     * Bytes of the whole file and of the memory that llama.cpp takes beside it: see {@link ContextMemory}.
     *
     * @param memory of both
     * @param context tokens, 1 or more
     */
    record Fit(Bytes memory, int context) implements FileSize {
        @Override
        public String text() {
            return "fit=" + memory.text() + "@" + context;
        }

        @Override
        public String label() {
            return "fit-" + memory.text() + "-" + context;
        }

        @Override
        public long dataBits(Contents contents) {
            return memory.dataBits(contents) - 8 * ContextMemory.of(contents.metadata()).bytes(context);
        }

        @Override
        public String describe(long dataBits, Contents contents) {
            return memory.describe((dataBits + 7) / 8 + contents.headerBytes()
                    + ContextMemory.of(contents.metadata()).bytes(context)) + " with a context of " + context + " tokens";
        }
    }

    /**
     * Reads a size.
     *
     * @return empty if the text is none, but may be the name of a {@link FileType}
     * @throws InvalidModelException if it is a size that no file has
     */
    static Optional<FileSize> parse(String text) {
        Matcher matcher = Pattern.compile("(fit=)?([0-9]{1,9}(?:\\.[0-9]{1,6})?)\\s?(bpw|MB|MiB|GB|GiB)(?:@([0-9]{1,9}))?",
                Pattern.CASE_INSENSITIVE).matcher(text.strip());
        boolean fits = text.strip().regionMatches(true, 0, "fit", 0, 3);
        boolean readable = matcher.matches() && (matcher.group(1) == null) == (matcher.group(4) == null)
                && !(fits && matcher.group(3).equalsIgnoreCase("bpw"));
        if (!readable) {
            if (fits || !text.isEmpty() && Character.isDigit(text.charAt(0))) {
                throw new InvalidModelException("'" + text + "' is no size of a GGUF file; give " + USAGE);
            }
            return Optional.empty();
        }
        BigDecimal number = new BigDecimal(matcher.group(2)).stripTrailingZeros();
        number = number.scale() < 0 ? number.setScale(0) : number;
        if (number.signum() == 0) {
            throw new InvalidModelException("'" + text + "': no file is that small; give " + USAGE);
        }
        String unit = matcher.group(3);
        if (unit.equalsIgnoreCase("bpw")) {
            return Optional.of(new BitsPerWeight(number));
        }
        Bytes bytes = new Bytes(number, Bytes.UNITS.keySet().stream().filter(unit::equalsIgnoreCase).findFirst().orElseThrow());
        if (!fits) {
            return Optional.of(bytes);
        }
        int context = Integer.parseInt(matcher.group(4));
        if (context == 0) {
            throw new InvalidModelException("'" + text + "': a context has 1 token or more; give " + USAGE);
        }
        return Optional.of(new Fit(bytes, context));
    }
}
