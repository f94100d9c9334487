package io.nightshift.formats.types;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Regular expressions as llama-quantize reads them: {@code std::regex} with its ECMAScript grammar, in the lower case
 * that it puts them into, as GNU's library runs them in the C locale (bits/regex_scanner.tcc and regex_compiler.tcc).
 * What Java reads in the same way is handed on, what it reads in another way is translated, and what {@code std::regex}
 * refuses is refused. The differences are listed in docs/tensor-type-expressions.md.
 */
final class EcmaScriptExpression {
    /** In place of the last character of a list: there is none, or a range ended; it was a class. */
    private static final int NOTHING = -1;

    private static final int CLASS = -2;

    /** States of the library's automaton, about: it has 100,000 at most, and some characters need two. */
    private static final int MOST_STATES = 50_000;

    /** The classes that have names, {@code [:name:]}; d, s and w are the library's own. */
    private static final Map<String, String> CLASSES = Map.ofEntries(
            Map.entry("alnum", "\\p{Alnum}"),
            Map.entry("alpha", "\\p{Alpha}"),
            Map.entry("blank", "\\p{Blank}"),
            Map.entry("cntrl", "\\p{Cntrl}"),
            Map.entry("d", "0-9"),
            Map.entry("digit", "0-9"),
            Map.entry("graph", "\\p{Graph}"),
            Map.entry("lower", "\\p{Lower}"),
            Map.entry("print", "\\p{Print}"),
            Map.entry("punct", "\\p{Punct}"),
            Map.entry("s", "\\p{Space}"),
            Map.entry("space", "\\p{Space}"),
            Map.entry("upper", "\\p{Upper}"),
            Map.entry("w", "\\w"),
            Map.entry("xdigit", "\\p{XDigit}"));

    private final String text;
    private final StringBuilder java = new StringBuilder();
    private final Set<Integer> openGroups = new HashSet<>();
    private int groups;
    private int next;

    private EcmaScriptExpression(String text) {
        this.text = text;
    }

    /**
     * The expression for Java.
     *
     * @param text in lower case
     * @throws IllegalArgumentException if {@code std::regex} refuses it, or if what it makes of it is not known; the
     *     message says what of it
     */
    static Pattern compile(String text) {
        EcmaScriptExpression expression = new EcmaScriptExpression(text);
        expression.requireAscii();
        expression.disjunction();
        if (!expression.atEnd()) {
            throw new IllegalArgumentException("a ) closes nothing");
        }
        return Pattern.compile(expression.java.toString());
    }

    /** Of other characters {@code std::regex} sees the bytes. */
    private void requireAscii() {
        text.chars().filter(character -> character >= 0x80 || character == 0).findFirst().ifPresent(character -> {
            throw new IllegalArgumentException("the character " + (char) character
                    + " is in no tensor's name, and llama-quantize takes it for several");
        });
    }

    /** Alternatives with bars between them; returns the number of their states, about. */
    private long disjunction() {
        long states = alternative();
        while (take('|')) {
            java.append('|');
            states += alternative();
        }
        return states;
    }

    private long alternative() {
        long states = 1;
        while (!atEnd() && peek() != '|' && peek() != ')') {
            states += term();
        }
        return states;
    }

    private long term() {
        int start = java.length();
        if (assertion()) {
            return 1;
        }
        long states = atom();
        for (long times = quantifier(start); times > 0; times = quantifier(start)) {
            states = states * times + 1;
            if (states > MOST_STATES) {
                throw new IllegalArgumentException("its repetitions are too many for std::regex");
            }
        }
        return states;
    }

    private boolean assertion() {
        if (take('^')) {
            java.append('^');
        } else if (take('$')) {
            java.append("\\z");
        } else if (take("\\b")) {
            java.append("\\b");
        } else if (take("(?=")) {
            group("(?=", 0);
        } else if (take("(?!")) {
            group("(?!", 0);
        } else {
            return false;
        }
        return true;
    }

    private long atom() {
        char character = text.charAt(next++);
        switch (character) {
            case '*', '+', '?', '{' -> throw new IllegalArgumentException("there is nothing that " + character
                    + " could repeat (write \\" + character + " for the character)");
            case '.' -> java.append('.');
            case '[' -> bracket();
            case '\\' -> escape();
            case '(' -> {
                if (take("?:")) {
                    return group("(?:", 0);
                }
                if (!atEnd() && peek() == '?') {
                    throw new IllegalArgumentException("std::regex knows no " + text.substring(next - 1,
                            Math.min(text.length(), next + 2)) + "; after (? come : = or !");
                }
                return group("(", ++groups);
            }
            default -> literal(java, character);
        }
        return 1;
    }

    /** A group whose opening is read already; {@code number} is 0 where nothing is captured. */
    private long group(String opening, int number) {
        java.append(opening);
        openGroups.add(number);
        long states = disjunction();
        if (!take(')')) {
            throw new IllegalArgumentException("a ( is not closed");
        }
        openGroups.remove(number);
        java.append(')');
        return states;
    }

    /** Repeats what was appended from {@code start} on: how often at most; 0 if no quantifier follows. */
    private long quantifier(int start) {
        String quantifier;
        long times = 2;
        if (take('*')) {
            quantifier = "*";
        } else if (take('+')) {
            quantifier = "+";
        } else if (take('?')) {
            quantifier = "?";
        } else if (take('{')) {
            long least = number();
            long most = !take(',') ? least : !atEnd() && peek() == '}' ? -1 : number();
            if (!take('}') || most >= 0 && most < least) {
                throw new IllegalArgumentException("braces hold {n}, {n,} or {n,m}, the smaller number first (write \\{"
                        + " for the character)");
            }
            quantifier = "{" + least + (most < 0 ? ",}" : "," + most + "}");
            times = Math.max(1, Math.max(least, most));
        } else {
            return 0;
        }
        // In Java a second quantifier would make the first one possessive.
        java.insert(start, "(?:").append(')').append(quantifier).append(take('?') ? "?" : "");
        return times;
    }

    private long number() {
        int from = next;
        while (!atEnd() && isDigit(peek())) {
            next++;
        }
        if (from == next) {
            throw new IllegalArgumentException("braces hold {n}, {n,} or {n,m} (write \\{ for the character)");
        }
        return next - from > 6 ? MOST_STATES : Long.parseLong(text.substring(from, next));
    }

    /** An escape outside of brackets, whose backslash is read already. */
    private void escape() {
        if (atEnd()) {
            throw new IllegalArgumentException("there is nothing behind its last backslash");
        }
        char character = peek();
        if (character >= '1' && character <= '9') {
            backReference();
        } else if (character == 'd' || character == 's' || character == 'w') {
            next++;
            java.append('[').append(CLASSES.get(String.valueOf(character))).append(']');
        } else {
            literal(java, escaped(false));
        }
    }

    private void backReference() {
        long group = number();
        if (group > groups || openGroups.contains((int) group)) {
            throw new IllegalArgumentException("\\" + group + " stands for no group that is closed before it");
        }
        // The group keeps a digit that follows from being read as part of the number.
        java.append("(?:\\").append(group).append(')');
    }

    /** The character that an escape stands for: one without a meaning of its own stands for itself. */
    private char escaped(boolean inBrackets) {
        char character = text.charAt(next++);
        return switch (character) {
            case '0' -> '\0';
            case 'b' -> inBrackets ? '\b' : 'b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'v' -> 0x0b;
            case 'x' -> hexadecimal(2);
            case 'u' -> hexadecimal(4);
            case 'c' -> throw new IllegalArgumentException(
                    "\\c is a control character by the standard and a letter in GNU's library; write neither");
            default -> character;
        };
    }

    private char hexadecimal(int digits) {
        int end = next + digits;
        if (end > text.length() || !text.substring(next, end).matches("[0-9a-f]+")) {
            throw new IllegalArgumentException("\\" + text.charAt(next - 1) + " is followed by " + digits
                    + " hexadecimal digits");
        }
        int character = Integer.parseInt(text.substring(next, end), 16);
        next = end;
        if (character >= 0x80) {
            throw new IllegalArgumentException("the character with the number " + character + " is in no tensor's name");
        }
        return (char) character;
    }

    /** What stands in brackets, whose first is read already. An empty list matches nothing, its complement all. */
    private void bracket() {
        boolean negated = take('^');
        StringBuilder members = new StringBuilder();
        // The last character, which may become the start of a range; or why it may not.
        int last = NOTHING;
        while (!take(']')) {
            if (atEnd()) {
                throw new IllegalArgumentException("a [ is not closed");
            }
            if (take('-')) {
                if (last == NOTHING || !atEnd() && peek() == ']') {
                    last = '-';
                } else if (last == CLASS) {
                    throw new IllegalArgumentException("a class cannot begin a range (write \\- for the character)");
                } else {
                    range(members, (char) last);
                    last = NOTHING;
                    continue;
                }
                literal(members, '-');
                continue;
            }
            String named = classOf();
            if (named != null) {
                members.append(named);
                last = CLASS;
            } else {
                last = member();
                literal(members, (char) last);
            }
        }
        if (members.length() == 0) {
            java.append(negated ? "[\\x00-\\x7f]" : "(?!)");
        } else {
            java.append(negated ? "[^" : "[").append(members).append(']');
        }
    }

    /** A range from a character that is a member already, behind its dash. */
    private void range(StringBuilder members, char from) {
        char to = '-';
        if (!take('-')) {
            if (classOf() != null) {
                throw new IllegalArgumentException("a class cannot end a range (write \\- for the character)");
            }
            to = member();
        }
        if (to < from) {
            throw new IllegalArgumentException("the range from " + from + " to " + to + " is in the wrong order");
        }
        literal(members, from);
        members.append('-');
        literal(members, to);
    }

    /** The next member of a list as Java writes it if it is a class, else nothing, and nothing is read. */
    private String classOf() {
        if (take("[:")) {
            String name = upTo(":]");
            if (!CLASSES.containsKey(name)) {
                throw new IllegalArgumentException("std::regex knows no class [:" + name + ":]");
            }
            return CLASSES.get(name);
        }
        if (take("[=")) {
            StringBuilder same = new StringBuilder();
            literal(same, only(upTo("=]")));
            return same.toString();
        }
        for (String name : new String[] {"d", "s", "w"}) {
            if (take("\\" + name)) {
                return CLASSES.get(name);
            }
        }
        return null;
    }

    /** The next member of a list that is one character. */
    private char member() {
        if (atEnd()) {
            throw new IllegalArgumentException("a [ is not closed");
        }
        if (take("[.")) {
            return only(upTo(".]"));
        }
        if (!take('\\')) {
            return text.charAt(next++);
        }
        if (atEnd()) {
            throw new IllegalArgumentException("there is nothing behind its last backslash");
        }
        if (peek() >= '1' && peek() <= '9') {
            throw new IllegalArgumentException("in brackets there are no references to groups");
        }
        return escaped(true);
    }

    private char only(String element) {
        if (element.length() != 1) {
            throw new IllegalArgumentException("the collating element '" + element
                    + "' has a name; write the character itself");
        }
        return element.charAt(0);
    }

    private String upTo(String closing) {
        int end = text.indexOf(closing, next);
        if (end < 0) {
            throw new IllegalArgumentException("[" + closing.charAt(0) + " is not closed by " + closing);
        }
        String between = text.substring(next, end);
        next = end + closing.length();
        return between;
    }

    /** Appends a character that means itself. */
    private static void literal(StringBuilder to, char character) {
        if (character < ' ' || character == 0x7f) {
            to.append(String.format("\\x%02x", (int) character));
        } else {
            boolean plain = character >= 'a' && character <= 'z' || character >= 'A' && character <= 'Z'
                    || isDigit(character);
            to.append(plain ? "" : "\\").append(character);
        }
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    private boolean atEnd() {
        return next == text.length();
    }

    private char peek() {
        return text.charAt(next);
    }

    private boolean take(char character) {
        boolean there = !atEnd() && peek() == character;
        next += there ? 1 : 0;
        return there;
    }

    private boolean take(String characters) {
        boolean there = text.startsWith(characters, next);
        next += there ? characters.length() : 0;
        return there;
    }
}
