package io.nightshift.formats;

import java.util.Locale;
import java.util.Optional;

/** Text of files as it may be shown: names can be anything, and a terminal obeys control characters. */
public final class Printable {
    /** Most characters of a name that are shown. */
    public static final int LONGEST_NAME = 200;

    private Printable() {}

    /** A name with control characters escaped, cut at {@value #LONGEST_NAME} characters. */
    public static String name(String name) {
        if (name.length() <= LONGEST_NAME) {
            return escaped(name);
        }
        int end = Character.isHighSurrogate(name.charAt(LONGEST_NAME - 1)) ? LONGEST_NAME - 1 : LONGEST_NAME;
        return escaped(name.substring(0, end)) + "... (" + name.length() + " characters)";
    }

    /** A text with control characters, and those that turn the direction of writing, as escapes of Java. */
    public static String escaped(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            int type = Character.getType(character);
            boolean hidden = type == Character.CONTROL || type == Character.FORMAT && character != '\u200d'
                    || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR;
            switch (character) {
                case '\n' -> shown.append("\\n");
                case '\r' -> shown.append("\\r");
                case '\t' -> shown.append("\\t");
                default -> shown.append(hidden ? String.format("\\u%04x", (int) character) : character);
            }
        }
        return shown.toString();
    }

    /** The first line of a text that is not blank; empty where there is none, or no text. */
    public static Optional<String> firstLine(String text) {
        return text == null ? Optional.empty() : text.lines().filter(line -> !line.isBlank()).findFirst();
    }

    /** A number of bytes: three digits, in powers of 1000. */
    public static String bytes(double bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB"};
        int unit = 0;
        double scaled = bytes;
        while (scaled >= 999.5 && unit < units.length - 1) {
            scaled /= 1000;
            unit++;
        }
        String form = unit == 0 || scaled >= 99.95 ? "%.0f %s" : scaled >= 9.995 ? "%.1f %s" : "%.2f %s";
        return String.format(Locale.ROOT, form, scaled, units[unit]);
    }
}
