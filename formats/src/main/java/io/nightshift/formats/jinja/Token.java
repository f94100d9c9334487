package io.nightshift.formats.jinja;

/**
 * A piece of a template.
 *
 * @param type what it is
 * @param text of data, names and operators
 * @param value of strings and numbers
 * @param line on which it begins, from 1
 */
record Token(Type type, String text, Object value, int line) {
    enum Type {
        DATA,
        BLOCK_BEGIN,
        BLOCK_END,
        PRINT_BEGIN,
        PRINT_END,
        NAME,
        STRING,
        NUMBER,
        OPERATOR,
        END
    }

    boolean is(String operator) {
        return type == Type.OPERATOR && text.equals(operator);
    }

    boolean isName(String name) {
        return type == Type.NAME && text.equals(name);
    }

    @Override
    public String toString() {
        return switch (type) {
            case END -> "the end of the template";
            case BLOCK_END -> "%}";
            case PRINT_END -> "}}";
            case STRING, NUMBER -> String.valueOf(value);
            default -> text;
        };
    }
}
