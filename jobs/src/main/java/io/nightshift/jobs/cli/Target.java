package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileType;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;

/** What is to be made. */
sealed interface Target {
    /** A GGUF file of a type. */
    record Gguf(FileType fileType) implements Target {}

    /**
     * An AWQ folder.
     *
     * @param groupSize as the target says it; null where it does not
     */
    record Awq(Integer groupSize) implements Target {}

    /** Parses {@code gguf:TYPE}, {@code awq} and {@code awq:w4g128}. */
    final class Converter implements ITypeConverter<Target> {
        private static final Pattern AWQ = Pattern.compile("w4g(-1|\\d{1,6})");

        @Override
        public Target convert(String text) {
            int colon = text.indexOf(':');
            String format = colon < 0 ? text : text.substring(0, colon);
            return switch (format) {
                case "gguf" -> {
                    if (colon < 0) {
                        throw new InvalidModelException("--to gguf: say which type, such as gguf:Q4_K_M");
                    }
                    yield new Gguf(FileType.parse(text.substring(colon + 1)));
                }
                case "awq" -> colon < 0 ? new Awq(null) : awq(text, text.substring(colon + 1));
                case "exl2" -> throw new InvalidModelException(
                        "--to " + text + ": " + format + " cannot be made yet; gguf:TYPE and awq can");
                default -> throw new InvalidModelException("--to " + text + ": unknown format '" + format
                        + "'; give gguf:TYPE, such as gguf:Q4_K_M, or awq");
            };
        }

        private static Awq awq(String text, String variant) {
            Matcher matcher = AWQ.matcher(variant);
            if (!matcher.matches()) {
                throw new InvalidModelException("--to " + text + ": AWQ has 4 bits and groups of 32, 64, 128 or -1 (whole"
                        + " rows); write awq:w4g128");
            }
            return new Awq(Integer.parseInt(matcher.group(1)));
        }
    }
}
