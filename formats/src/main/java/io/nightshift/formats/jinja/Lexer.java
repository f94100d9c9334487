package io.nightshift.formats.jinja;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into tokens, with Jinja2's rules for white space (lexer.py) as transformers sets them: the newline after
 * a block is dropped ({@code trim_blocks}), and so is what is before one on its line, if it is blank
 * ({@code lstrip_blocks}).
 */
final class Lexer {
    private static final String SPACE =
            "[\\s\\x0b\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*";
    private static final Pattern RAW = Pattern.compile("\\{%([-+]?)" + SPACE + "raw" + SPACE + "(-%\\}" + SPACE + "|%\\})");
    private static final Pattern END_RAW =
            Pattern.compile("\\{%([-+]?)" + SPACE + "endraw" + SPACE + "(\\+%\\}|-%\\}" + SPACE + "|%\\}\\n?)");
    private static final Pattern BLOCK_END = Pattern.compile("\\+%\\}|-%\\}" + SPACE + "|%\\}\\n?");
    private static final Pattern PRINT_END = Pattern.compile("-\\}\\}" + SPACE + "|\\}\\}");
    private static final Pattern COMMENT_END = Pattern.compile("\\+#\\}|-#\\}" + SPACE + "|#\\}\\n?");
    private static final Pattern BLANK = Pattern.compile(SPACE);
    private static final Pattern FLOAT =
            Pattern.compile("(?<!\\.)(?:\\d+_)*\\d+(?:(?:\\.(?:\\d+_)*\\d+)?[eE][+-]?(?:\\d+_)*\\d+|\\.(?:\\d+_)*\\d+)");
    private static final Pattern INTEGER = Pattern.compile("[1-9](?:_?\\d)*|0(?:_?0)*");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z_0-9]*");
    private static final Pattern STRING =
            Pattern.compile("'([^'\\\\]*(?:\\\\.[^'\\\\]*)*)'|\"([^\"\\\\]*(?:\\\\.[^\"\\\\]*)*)\"", Pattern.DOTALL);
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}><=.:|,;]");
    private static final Map<String, String> CLOSING = Map.of("(", ")", "[", "]", "{", "}");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int counted;
    private int line = 1;
    private boolean lineStarts = true;

    private Lexer(String source) {
        this.source = source;
    }

    /**
     * The tokens of a template, the last of which is {@link Token.Type#END}.
     *
     * @throws JinjaException if it is broken
     */
    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (at < source.length()) {
            int begin = nextTag();
            if (begin < 0) {
                data(source.substring(at));
                at = source.length();
                break;
            }
            char kind = source.charAt(begin + 1);
            Matcher raw = matcher(RAW, begin);
            boolean isRaw = raw.lookingAt();
            char sign = begin + 2 < source.length() ? source.charAt(begin + 2) : 0;
            data(stripped(source.substring(at, begin), sign, kind != '{'));
            at = begin;
            if (isRaw) {
                at = raw.end();
                raw();
            } else {
                at += sign == '-' || sign == '+' ? 3 : 2;
                switch (kind) {
                    case '#' -> comment();
                    case '%' -> tag(Token.Type.BLOCK_BEGIN, Token.Type.BLOCK_END, BLOCK_END);
                    default -> tag(Token.Type.PRINT_BEGIN, Token.Type.PRINT_END, PRINT_END);
                }
            }
        }
        add(Token.Type.END, "", null);
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            if ("{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /** Text before a tag, without the white space that the tag takes away. */
    private String stripped(String text, char sign, boolean block) {
        if (sign == '-') {
            return PythonText.strip(text, null, false, true);
        }
        if (sign != '+' && block) {
            int lineStart = text.lastIndexOf('\n') + 1;
            if ((lineStart > 0 || lineStarts) && BLANK.matcher(text.substring(lineStart)).matches()) {
                return text.substring(0, lineStart);
            }
        }
        return text;
    }

    private void raw() {
        Matcher end = matcher(END_RAW, at);
        if (!end.find()) {
            throw broken("there is no endraw");
        }
        lineStarts = source.charAt(at - 1) == '\n';
        data(stripped(source.substring(at, end.start()), sign(end.group(1)), true));
        leave(end);
    }

    private static char sign(String group) {
        return group.isEmpty() ? 0 : group.charAt(0);
    }

    private void comment() {
        Matcher end = matcher(COMMENT_END, at);
        if (!end.find()) {
            throw broken("a comment has no end");
        }
        leave(end);
    }

    private void leave(Matcher end) {
        at = end.end();
        lineStarts = source.charAt(at - 1) == '\n';
    }

    private void tag(Token.Type begin, Token.Type endType, Pattern endPattern) {
        add(begin, source.substring(at - 2, at), null);
        Deque<String> open = new ArrayDeque<>();
        while (true) {
            if (at >= source.length()) {
                throw broken("a tag has no end");
            }
            Matcher end = matcher(endPattern, at);
            if (open.isEmpty() && end.lookingAt()) {
                add(endType, "", null);
                leave(end);
                return;
            }
            if (PythonText.isSpace(source.charAt(at))) {
                at++;
            } else {
                token(open);
            }
        }
    }

    private void token(Deque<String> open) {
        Matcher matcher = matcher(FLOAT, at);
        if (matcher.lookingAt()) {
            add(Token.Type.NUMBER, "", Double.valueOf(matcher.group().replace("_", "")));
        } else if ((matcher = matcher(INTEGER, at)).lookingAt()) {
            add(Token.Type.NUMBER, "", integer(matcher.group().replace("_", "")));
        } else if ((matcher = matcher(NAME, at)).lookingAt()) {
            add(Token.Type.NAME, matcher.group(), null);
        } else if ((matcher = matcher(STRING, at)).lookingAt()) {
            String text = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            add(Token.Type.STRING, "", StringLiteral.value(text));
        } else if ((matcher = matcher(OPERATOR, at)).lookingAt()) {
            String operator = matcher.group();
            if (CLOSING.containsKey(operator)) {
                open.push(CLOSING.get(operator));
            } else if (CLOSING.containsValue(operator) && (open.isEmpty() || !open.pop().equals(operator))) {
                throw broken("unexpected '" + operator + "'");
            }
            add(Token.Type.OPERATOR, operator, null);
        } else {
            throw broken("unexpected character '" + Character.toString(source.codePointAt(at)) + "'");
        }
        at = matcher.end();
    }

    private static Object integer(String digits) {
        return PythonNumber.integer(new BigInteger(digits));
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            add(Token.Type.DATA, text, null);
        }
    }

    private Matcher matcher(Pattern pattern, int from) {
        return pattern.matcher(source).region(from, source.length()).useTransparentBounds(true);
    }

    private void add(Token.Type type, String text, Object value) {
        tokens.add(new Token(type, text, value, line()));
    }

    private int line() {
        for (; counted < at; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }

    private JinjaException broken(String what) {
        return new JinjaException("is no template: " + what).at(line());
    }
}
