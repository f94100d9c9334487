package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Expressions from tokens, with Jinja2's precedence (parser.py, from parse_expression on). */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Expression NONE = new Expression.Constant(null);

    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /** An expression, or a tuple of several without parentheses. */
    Expression tuple() {
        return tuple(this::expression, false);
    }

    /** The same, where an {@code if} that follows is not a part of it. */
    Expression tupleWithoutCondition() {
        return tuple(this::or, false);
    }

    private Expression tuple(Supplier<Expression> item, boolean parentheses) {
        List<Expression> items = new ArrayList<>();
        boolean several = false;
        while (!tupleEnds()) {
            items.add(item.get());
            if (!tokens.skip(",")) {
                break;
            }
            several = true;
        }
        if (several || items.isEmpty() && parentheses) {
            return new Expression.TupleOf(items);
        }
        if (items.isEmpty()) {
            throw tokens.unexpected();
        }
        return items.get(0);
    }

    private boolean tupleEnds() {
        Token.Type type = tokens.current().type();
        return type == Token.Type.PRINT_END || type == Token.Type.BLOCK_END || type == Token.Type.END
                || tokens.current().is(")");
    }

    /** An expression. */
    Expression expression() {
        Expression expression = or();
        while (tokens.skipName("if")) {
            Expression condition = or();
            Optional<Expression> otherwise = tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            expression = new Expression.Conditional(condition, expression, otherwise);
        }
        return expression;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        return tokens.skipName("not") ? new Expression.Not(not()) : comparison();
    }

    private Expression comparison() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> others = new ArrayList<>();
        while (true) {
            if (tokens.current().type() == Token.Type.OPERATOR && COMPARISONS.contains(tokens.current().text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (tokens.current().isName("not") && tokens.following().isName("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expression.Compared(first, operators, others);
            }
            others.add(sum());
        }
    }

    private Expression sum() {
        return chain(this::joined, Set.of("+", "-"));
    }

    private Expression joined() {
        Expression first = product();
        if (!tokens.current().is("~")) {
            return first;
        }
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.skip("~")) {
            parts.add(product());
        }
        return new Expression.Joined(parts);
    }

    private Expression product() {
        return chain(this::power, Set.of("*", "/", "//", "%"));
    }

    private Expression power() {
        return chain(() -> unary(true), Set.of("**"));
    }

    private Expression chain(Supplier<Expression> operand, Set<String> operators) {
        Expression left = operand.get();
        while (tokens.current().type() == Token.Type.OPERATOR && operators.contains(tokens.current().text())) {
            left = new Expression.Arithmetic(tokens.next().text(), left, operand.get());
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression expression;
        if (tokens.skip("-")) {
            expression = new Expression.Negative(unary(false));
        } else if (tokens.current().is("+")) {
            throw JinjaException.unsupported("a plus sign before a value");
        } else {
            expression = primary();
        }
        expression = postfix(expression);
        return withFilters ? filtersAndTests(expression) : expression;
    }

    private Expression primary() {
        Token token = tokens.next();
        switch (token.type()) {
            case NAME:
                return switch (token.text()) {
                    case "true", "True" -> new Expression.Constant(true);
                    case "false", "False" -> new Expression.Constant(false);
                    case "none", "None" -> NONE;
                    default -> new Expression.Name(token.text());
                };
            case NUMBER:
                return new Expression.Constant(token.value());
            case STRING:
                StringBuilder text = new StringBuilder((String) token.value());
                while (tokens.current().type() == Token.Type.STRING) {
                    text.append((String) tokens.next().value());
                }
                return new Expression.Constant(text.toString());
            default:
                break;
        }
        if (token.is("(")) {
            Expression inner = tuple(this::expression, true);
            tokens.expect(")");
            return inner;
        }
        if (token.is("[")) {
            return new Expression.ListOf(listed("]", new ArrayList<>()));
        }
        if (token.is("{")) {
            return dict();
        }
        throw new JinjaException("is no template: unexpected " + token).at(token.line());
    }

    private List<Expression> listed(String end, List<Expression> items) {
        while (!tokens.skip(end)) {
            if (!items.isEmpty()) {
                tokens.expect(",");
                if (tokens.skip(end)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expression dict() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skip("}")) {
            if (!keys.isEmpty()) {
                tokens.expect(",");
                if (tokens.skip("}")) {
                    break;
                }
            }
            keys.add(expression());
            tokens.expect(":");
            values.add(expression());
        }
        return new Expression.DictOf(keys, values);
    }

    private Expression postfix(Expression expression) {
        Expression of = expression;
        while (true) {
            if (tokens.skip(".")) {
                of = tokens.current().type() == Token.Type.NUMBER
                        ? new Expression.Item(of, new Expression.Constant(tokens.next().value()))
                        : new Expression.Attribute(of, tokens.name());
            } else if (tokens.skip("[")) {
                of = subscript(of);
                tokens.expect("]");
            } else if (tokens.current().is("(")) {
                of = call(of);
            } else {
                return of;
            }
        }
    }

    private Expression subscript(Expression of) {
        Expression from = tokens.current().is(":") ? NONE : expression();
        if (!tokens.skip(":")) {
            if (tokens.current().is(",")) {
                throw JinjaException.unsupported("several indices in brackets");
            }
            return new Expression.Item(of, from);
        }
        Expression to = tokens.current().is(":") || tokens.current().is("]") ? NONE : expression();
        Expression step = !tokens.skip(":") || tokens.current().is("]") ? NONE : expression();
        return new Expression.Slice(of, from, to, step);
    }

    private Expression.Call call(Expression callee) {
        Map<String, Expression> named = new LinkedHashMap<>();
        return new Expression.Call(callee, arguments(named), named);
    }

    /** Arguments in parentheses: those without a name are returned, the others put into the map. */
    private List<Expression> arguments(Map<String, Expression> named) {
        List<Expression> positional = new ArrayList<>();
        tokens.expect("(");
        boolean first = true;
        while (!tokens.skip(")")) {
            if (!first) {
                tokens.expect(",");
                if (tokens.skip(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.current().is("*") || tokens.current().is("**")) {
                throw JinjaException.unsupported("a call with " + tokens.current().text());
            }
            if (tokens.current().type() == Token.Type.NAME && tokens.following().is("=")) {
                String name = tokens.name();
                tokens.next();
                if (named.put(name, expression()) != null) {
                    throw new JinjaException("is no template: the argument " + name + " is given twice");
                }
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw tokens.unexpected();
            }
        }
        return positional;
    }

    private Expression filtersAndTests(Expression expression) {
        Expression of = expression;
        while (true) {
            if (tokens.current().is("|")) {
                of = filters(of);
            } else if (tokens.skipName("is")) {
                of = test(of);
            } else if (tokens.current().is("(")) {
                of = call(of);
            } else {
                return of;
            }
        }
    }

    /** Filters behind a value, each after a bar. */
    Expression filters(Expression expression) {
        Expression of = expression;
        while (tokens.skip("|")) {
            of = filter(of);
        }
        return of;
    }

    /** The same, the first one without a bar. */
    Expression filtersFromName(Expression expression) {
        return filters(filter(expression));
    }

    private Expression filter(Expression of) {
        String name = tokens.name();
        Map<String, Expression> named = new LinkedHashMap<>();
        List<Expression> positional = tokens.current().is("(") ? arguments(named) : List.of();
        return new Expression.Filtered(of, name, positional, named);
    }

    private Expression test(Expression of) {
        boolean negated = tokens.skipName("not");
        String name = tokens.name();
        List<Expression> arguments = List.of();
        if (tokens.current().is("(")) {
            Map<String, Expression> named = new LinkedHashMap<>();
            arguments = arguments(named);
            if (!named.isEmpty()) {
                throw JinjaException.unsupported("a test with named arguments");
            }
        } else if (beginsArgument(tokens.current())) {
            if (tokens.current().isName("is")) {
                throw tokens.unexpected();
            }
            arguments = List.of(postfix(primary()));
        }
        Expression test = new Expression.Tested(of, name, arguments);
        return negated ? new Expression.Not(test) : test;
    }

    private static boolean beginsArgument(Token token) {
        return switch (token.type()) {
            case STRING, NUMBER -> true;
            case NAME -> !Set.of("else", "or", "and").contains(token.text());
            default -> token.is("[") || token.is("{");
        };
    }
}
