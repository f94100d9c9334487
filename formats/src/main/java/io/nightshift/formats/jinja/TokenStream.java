package io.nightshift.formats.jinja;

import java.util.List;

/** Tokens that are taken one after another. */
final class TokenStream {
    private final List<Token> tokens;
    private int at;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(at);
    }

    /** The token after the current one. */
    Token following() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    /** Takes the current token. */
    Token next() {
        Token token = current();
        if (token.type() != Token.Type.END) {
            at++;
        }
        return token;
    }

    /** Takes an operator, if it is the current token. */
    boolean skip(String operator) {
        return skipIf(current().is(operator));
    }

    /** Takes a name, if it is the current token. */
    boolean skipName(String name) {
        return skipIf(current().isName(name));
    }

    private boolean skipIf(boolean wanted) {
        if (wanted) {
            next();
        }
        return wanted;
    }

    void expect(Token.Type type) {
        if (current().type() != type) {
            throw unexpected();
        }
        next();
    }

    void expect(String operator) {
        if (!skip(operator)) {
            throw unexpected();
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw unexpected();
        }
    }

    /** Takes a name, whatever it is. */
    String name() {
        if (current().type() != Token.Type.NAME) {
            throw unexpected();
        }
        return next().text();
    }

    JinjaException unexpected() {
        return new JinjaException("is no template: unexpected " + current()).at(current().line());
    }
}
