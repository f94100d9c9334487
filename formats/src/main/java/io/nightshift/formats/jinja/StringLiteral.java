package io.nightshift.formats.jinja;

/** A string in a template: Python's escapes, of which unknown ones stay as they are. */
final class StringLiteral {
    private static final String PLAIN = "\\'\"abfnrtv";
    private static final String MEANING = "\\'\"\u0007\b\f\n\r\t\u000b";

    private StringLiteral() {}

    /**
     * What stands for itself and behind backslashes.
     *
     * @param body between the quotes
     * @throws JinjaException if an escape is broken
     */
    static String value(String body) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < body.length(); ) {
            char c = body.charAt(i++);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            char escape = body.charAt(i++);
            int known = PLAIN.indexOf(escape);
            if (known >= 0) {
                text.append(MEANING.charAt(known));
            } else if (escape == '\n') {
                continue;
            } else if (escape == 'x' || escape == 'u' || escape == 'U') {
                int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
                text.appendCodePoint(codePoint(body, i, digits));
                i += digits;
            } else if (escape >= '0' && escape <= '7') {
                int value = escape - '0';
                for (int n = 1; n < 3 && i < body.length() && body.charAt(i) >= '0' && body.charAt(i) <= '7'; n++) {
                    value = value * 8 + body.charAt(i++) - '0';
                }
                text.append((char) value);
            } else if (escape == 'N') {
                throw JinjaException.unsupported("a character by its name (\\N)");
            } else {
                text.append(c).append(escape);
            }
        }
        return text.toString();
    }

    private static int codePoint(String body, int from, int digits) {
        try {
            int value = Integer.parseUnsignedInt(body.substring(from, from + digits), 16);
            if (Character.isValidCodePoint(value)) {
                return value;
            }
        } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
            // The same complaint as for a number that is too large.
        }
        throw new JinjaException("is no template: a broken escape in the string '" + body + "'");
    }
}
