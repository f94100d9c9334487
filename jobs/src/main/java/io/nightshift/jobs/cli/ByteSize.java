package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;

/**
 * A number of bytes, as people write it.
 *
 * @param bytes the number
 */
record ByteSize(long bytes) {
    /** A pebibyte: sums of such sizes fit into a long. */
    private static final long LARGEST = 1L << 50;

    private static final Pattern FORM = Pattern.compile("(\\d{1,9})\\s*([KMGT]?)(I?B)?");

    /** Parses {@code 64M}, {@code 64MiB} and {@code 67108864} alike: units are powers of 1024. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            Matcher matcher = FORM.matcher(text.toUpperCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new InvalidModelException("'" + text + "' is not a size; give one such as 64M");
            }
            int power = " KMGT".indexOf(matcher.group(2).isEmpty() ? " " : matcher.group(2));
            long count = Long.parseLong(matcher.group(1));
            if (count > LARGEST >> 10 * power) {
                throw new InvalidModelException("'" + text + "' is more than any file has; give a size such as 64M");
            }
            return new ByteSize(count << 10 * power);
        }
    }
}
