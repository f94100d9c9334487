package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How large a GGUF file may become: {@code 4.65bpw}, {@code 7.5GB}. */
public sealed interface FileSize {
    /** How sizes are written. */
    String USAGE = "a size such as 4.65bpw (bits a weight), 7.5GB or 7.2GiB";

    /** In its one spelling, fit for a file's name. */
    String text();

    /**
     * Bits that the data of all tensors may take, padding included.
     *
     * @param weights of all tensors
     * @param headerBytes what stands before the data
     */
    long dataBits(long weights, long headerBytes);

    /** A size as people say it, of a file with so much data: in bits a weight, or bytes. */
    String describe(long dataBits, long weights, long headerBytes);

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
        public long dataBits(long weights, long headerBytes) {
            return bits.multiply(BigDecimal.valueOf(weights)).setScale(0, RoundingMode.FLOOR).longValueExact();
        }

        @Override
        public String describe(long dataBits, long weights, long headerBytes) {
            return BigDecimal.valueOf(dataBits).divide(BigDecimal.valueOf(weights), 3, RoundingMode.CEILING) + "bpw";
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
        public long dataBits(long weights, long headerBytes) {
            long bytes = number.multiply(unitBytes()).setScale(0, RoundingMode.FLOOR).longValueExact();
            return 8 * (bytes - headerBytes);
        }

        @Override
        public String describe(long dataBits, long weights, long headerBytes) {
            BigDecimal bytes = BigDecimal.valueOf((dataBits + 7) / 8 + headerBytes);
            return bytes.divide(unitBytes(), 3, RoundingMode.CEILING) + unit;
        }
    }

    /**
     * Reads a size.
     *
     * @return empty if the text is none, but may be the name of a {@link FileType}
     * @throws InvalidModelException if it is a size that no file has
     */
    static Optional<FileSize> parse(String text) {
        Matcher matcher = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,6})?)\\s?(bpw|MB|MiB|GB|GiB)", Pattern.CASE_INSENSITIVE)
                .matcher(text.strip());
        if (!matcher.matches()) {
            if (!text.isEmpty() && Character.isDigit(text.charAt(0))) {
                throw new InvalidModelException("'" + text + "' is no size of a GGUF file; give " + USAGE);
            }
            return Optional.empty();
        }
        BigDecimal number = new BigDecimal(matcher.group(1)).stripTrailingZeros();
        number = number.scale() < 0 ? number.setScale(0) : number;
        if (number.signum() == 0) {
            throw new InvalidModelException("'" + text + "': no file is that small; give " + USAGE);
        }
        String unit = matcher.group(2);
        if (unit.equalsIgnoreCase("bpw")) {
            return Optional.of(new BitsPerWeight(number));
        }
        return Optional.of(new Bytes(number,
                Bytes.UNITS.keySet().stream().filter(unit::equalsIgnoreCase).findFirst().orElseThrow()));
    }
}
