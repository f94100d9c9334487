package io.nightshift.jobs.cli;

import java.util.Optional;
import picocli.CommandLine.ITypeConverter;

/**
 * What {@code --to} asks for.
 *
 * @param text as the user wrote it
 * @param format what stands before the colon
 * @param variant what stands behind it
 */
record TargetName(String text, String format, Optional<String> variant) {
    /** Splits {@code format:variant}. */
    static final class Converter implements ITypeConverter<TargetName> {
        @Override
        public TargetName convert(String given) {
            String text = given.strip();
            int colon = text.indexOf(':');
            return colon < 0
                    ? new TargetName(text, text, Optional.empty())
                    : new TargetName(text, text.substring(0, colon), Optional.of(text.substring(colon + 1)));
        }
    }
}
