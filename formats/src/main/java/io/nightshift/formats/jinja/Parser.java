package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Statements from tokens (parser.py, with the tags of transformers). */
final class Parser {
    private static final Set<String> RESERVED = Set.of("varargs", "kwargs", "caller");

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int loops;

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    /**
     * The statements of a template.
     *
     * @throws JinjaException if it is broken, or has a tag that is not supported
     */
    static Statement.Block parse(String template) {
        Parser parser = new Parser(new TokenStream(Lexer.tokens(template)));
        try {
            return parser.block(Set.of());
        } catch (JinjaException e) {
            throw e.getMessage().endsWith(" of the template)") ? e : e.at(parser.tokens.current().line());
        }
    }

    /** Statements up to a tag of one of these names, which is the current token then; up to the end, for no names. */
    private Statement.Block block(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (tokens.current().type() != Token.Type.END) {
            Token begin = tokens.next();
            if (begin.type() == Token.Type.DATA) {
                statements.add(new Statement.Text(begin.text()));
            } else if (begin.type() == Token.Type.PRINT_BEGIN) {
                statements.add(new Statement.Placed(begin.line(), new Statement.Print(expressions.tuple())));
                tokens.expect(Token.Type.PRINT_END);
            } else {
                if (ends.contains(tokens.current().text())) {
                    return new Statement.Block(statements);
                }
                statements.add(new Statement.Placed(begin.line(), statement()));
                tokens.expect(Token.Type.BLOCK_END);
            }
        }
        if (!ends.isEmpty()) {
            throw new JinjaException("is no template: it ends where " + String.join(" or ", ends) + " is needed");
        }
        return new Statement.Block(statements);
    }

    /** Statements up to the tag that ends them; it is passed, but for what closes it. */
    private Statement.Block blockUpTo(String end) {
        tokens.expect(Token.Type.BLOCK_END);
        Statement.Block block = block(Set.of(end));
        tokens.next();
        return block;
    }

    private Statement statement() {
        String tag = tokens.name();
        return switch (tag) {
            case "if" -> ifBlock();
            case "for" -> forBlock();
            case "set" -> set();
            case "macro" -> new Statement.DefineMacro(macro());
            case "call" -> callBlock();
            case "filter" -> filterBlock();
            case "with" -> with();
            case "generation" -> new Statement.Generation(withoutLoop(() -> blockUpTo("endgeneration")));
            case "break" -> jump(Statement.Flow.BREAK);
            case "continue" -> jump(Statement.Flow.CONTINUE);
            case "block", "extends", "print", "include", "from", "import", "autoescape" ->
                    throw JinjaException.unsupported("the tag " + tag);
            default -> throw new JinjaException("is no template: there is no tag " + tag);
        };
    }

    private Statement jump(Statement.Flow flow) {
        if (loops == 0) {
            throw new JinjaException("is no template: break or continue outside of a loop");
        }
        return new Statement.Jump(flow);
    }

    private Statement ifBlock() {
        Expression condition = expressions.tupleWithoutCondition();
        tokens.expect(Token.Type.BLOCK_END);
        Statement.Block then = block(Set.of("elif", "else", "endif"));
        return new Statement.If(condition, then, switch (tokens.name()) {
            case "elif" -> {
                int line = tokens.current().line();
                yield new Statement.Block(List.of(new Statement.Placed(line, ifBlock())));
            }
            case "else" -> blockUpTo("endif");
            default -> new Statement.Block(List.of());
        });
    }

    private Statement forBlock() {
        Statement.Target target = target(false);
        tokens.expectName("in");
        Expression of = expressions.tupleWithoutCondition();
        Optional<Expression> condition = tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        if (tokens.current().isName("recursive")) {
            throw JinjaException.unsupported("a recursive for");
        }
        tokens.expect(Token.Type.BLOCK_END);
        loops++;
        Statement.Block body = block(Set.of("endfor", "else"));
        loops--;
        Statement.Block otherwise = tokens.name().equals("else") ? blockUpTo("endfor") : new Statement.Block(List.of());
        return new Statement.For(target, of, condition, body, otherwise);
    }

    private Statement set() {
        Statement.Target target = target(true);
        if (tokens.skip("=")) {
            return new Statement.Set(target, expressions.tuple());
        }
        Expression filtered = expressions.filters(new Expression.Name(Statement.FilterBlock.BODY));
        return new Statement.SetBlock(target, withoutLoop(() -> blockUpTo("endset")), filtered);
    }

    private Statement filterBlock() {
        Expression filtered = expressions.filtersFromName(new Expression.Name(Statement.FilterBlock.BODY));
        return new Statement.FilterBlock(withoutLoop(() -> blockUpTo("endfilter")), filtered);
    }

    private Statement with() {
        List<Statement.Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (tokens.current().type() != Token.Type.BLOCK_END) {
            if (!targets.isEmpty()) {
                tokens.expect(",");
            }
            targets.add(target(false));
            tokens.expect("=");
            values.add(expressions.expression());
        }
        return new Statement.With(targets, values, blockUpTo("endwith"));
    }

    private Macro.Definition macro() {
        String name = tokens.name();
        tokens.expect("(");
        return definition(name, "endmacro");
    }

    private Statement callBlock() {
        if (tokens.current().is("(")) {
            throw JinjaException.unsupported("a call block with arguments");
        }
        Expression call = expressions.expression();
        if (!(call instanceof Expression.Call)) {
            throw new JinjaException("is no template: a call block without a call");
        }
        Statement.Block body = withoutLoop(() -> blockUpTo("endcall"));
        return new Statement.CallBlock(new Macro.Definition("caller", List.of(), Map.of(), body), (Expression.Call) call);
    }

    /** Parameters and body of a macro, after the opening parenthesis. */
    private Macro.Definition definition(String name, String end) {
        List<String> parameters = new ArrayList<>();
        Map<String, Expression> defaults = new HashMap<>();
        while (!tokens.current().is(")")) {
            if (!parameters.isEmpty()) {
                tokens.expect(",");
            }
            String parameter = tokens.name();
            if (RESERVED.contains(parameter)) {
                throw JinjaException.unsupported("the parameter " + parameter);
            }
            parameters.add(parameter);
            if (tokens.skip("=")) {
                defaults.put(parameter, expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw new JinjaException("is no template: the parameter " + parameter + " needs a default");
            }
        }
        tokens.next();
        return new Macro.Definition(name, parameters, defaults, withoutLoop(() -> blockUpTo(end)));
    }

    /** A body that is a function of its own in Python, which a loop around it cannot be left from. */
    private Statement.Block withoutLoop(Supplier<Statement.Block> body) {
        int around = loops;
        loops = 0;
        Statement.Block block = body.get();
        loops = around;
        return block;
    }

    private Statement.Target target(boolean namespaces) {
        List<Statement.Target> targets = new ArrayList<>();
        boolean several = false;
        do {
            if (several && tokens.current().type() != Token.Type.NAME) {
                break;
            }
            targets.add(oneTarget(namespaces));
            several |= tokens.current().is(",");
        } while (tokens.skip(","));
        return several ? new Statement.TupleTarget(targets) : targets.get(0);
    }

    private Statement.Target oneTarget(boolean namespaces) {
        if (tokens.skip("(")) {
            Statement.Target inner = target(namespaces);
            tokens.expect(")");
            return inner;
        }
        String name = tokens.name();
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
            throw new JinjaException("is no template: " + name + " cannot be set");
        }
        if (namespaces && tokens.skip(".")) {
            return new Statement.NamespaceTarget(name, tokens.name());
        }
        return new Statement.NameTarget(name);
    }
}
