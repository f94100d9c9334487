package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.FileType;
import picocli.CommandLine.ITypeConverter;

/**
 * What is to be made.
 *
 * @param fileType a GGUF file of this type
 */
record Target(FileType fileType) {
    /** Parses {@code gguf:TYPE}. */
    static final class Converter implements ITypeConverter<Target> {
        @Override
        public Target convert(String text) {
            int colon = text.indexOf(':');
            String format = colon < 0 ? text : text.substring(0, colon);
            return switch (format) {
                case "gguf" -> {
                    if (colon < 0) {
                        throw new InvalidModelException("--to gguf: say which type, such as gguf:Q4_K_M");
                    }
                    yield new Target(FileType.parse(text.substring(colon + 1)));
                }
                case "awq", "exl2" -> throw new InvalidModelException(
                        "--to " + text + ": " + format + " cannot be made yet; gguf:TYPE can");
                default -> throw new InvalidModelException(
                        "--to " + text + ": unknown format '" + format + "'; give gguf:TYPE, such as gguf:Q4_K_M");
            };
        }
    }
}
