package io.nightshift.formats;

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
}
