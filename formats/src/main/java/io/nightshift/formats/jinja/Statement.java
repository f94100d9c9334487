package io.nightshift.formats.jinja;

import java.util.List;
import java.util.Optional;

/** What writes text, sets names, or says which of other statements do. */
interface Statement {
    /** How a loop goes on after a statement. */
    enum Flow {
        ON,
        BREAK,
        CONTINUE
    }

    /**
     * Carries it out.
     *
     * @throws JinjaException if it cannot be
     */
    Flow run(Scope scope, Output output);

    /** Statements in turn. */
    record Block(List<Statement> statements) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            for (Statement statement : statements) {
                Flow flow = statement.run(scope, output);
                if (flow != Flow.ON) {
                    return flow;
                }
            }
            return Flow.ON;
        }

        /** The text that they write as a value of its own, names set in it being its own too. */
        String text(Scope scope) {
            Output output = new Output(false);
            run(scope.inner(), output);
            return output.text();
        }
    }

    /** A statement of a line, which errors name. */
    record Placed(int line, Statement statement) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            try {
                return statement.run(scope, output);
            } catch (JinjaException e) {
                throw e.getMessage().endsWith(" of the template)") ? e : e.at(line);
            }
        }
    }

    record Text(String text) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            output.write(text);
            return Flow.ON;
        }
    }

    record Print(Expression expression) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            output.write(PythonText.of(expression.value(scope)));
            return Flow.ON;
        }
    }

    record If(Expression condition, Block then, Block otherwise) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            return (Python.truth(condition.value(scope)) ? then : otherwise).run(scope, output);
        }
    }

    record For(Target target, Expression of, Optional<Expression> condition, Block body, Block otherwise)
            implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            Object value = of.value(scope);
            List<Object> items = Python.items(value);
            if (condition.isPresent()) {
                items = items.stream().filter(item -> {
                    Scope ofItem = scope.inner();
                    target.set(ofItem, item);
                    return Python.truth(condition.get().value(ofItem));
                }).toList();
            }
            for (int i = 0; i < items.size(); i++) {
                Scope ofItem = scope.inner();
                ofItem.set("loop", new Loop(items, i));
                target.set(ofItem, items.get(i));
                if (body.run(ofItem, output) == Flow.BREAK) {
                    return Flow.ON;
                }
            }
            return items.isEmpty() ? otherwise.run(scope.inner(), output) : Flow.ON;
        }
    }

    record Jump(Flow flow) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            return flow;
        }
    }

    record Set(Target target, Expression expression) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            target.set(scope, expression.value(scope));
            return Flow.ON;
        }
    }

    /** A name that is set to what a block writes. */
    record SetBlock(Target target, Block body, Expression filtered) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            target.set(scope, FilterBlock.filtered(body, filtered, scope));
            return Flow.ON;
        }
    }

    record FilterBlock(Block body, Expression filtered) implements Statement {
        /** What the filters of a block are applied to; no name of a template is like it. */
        static final String BODY = "the body";

        @Override
        public Flow run(Scope scope, Output output) {
            output.write(PythonText.of(filtered(body, filtered, scope)));
            return Flow.ON;
        }

        static Object filtered(Block body, Expression filtered, Scope scope) {
            Scope inner = scope.inner();
            inner.set(BODY, body.text(scope));
            return filtered.value(inner);
        }
    }

    record With(List<Target> targets, List<Expression> values, Block body) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            Scope inner = scope.inner();
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).set(inner, values.get(i).value(scope));
            }
            return body.run(inner, output);
        }
    }

    record DefineMacro(Macro.Definition definition) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            scope.set(definition.name(), new Macro(definition, scope));
            return Flow.ON;
        }
    }

    /** A macro that is called with a block, which it finds as {@code caller}. */
    record CallBlock(Macro.Definition caller, Expression.Call call) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            Object macro = call.callee().value(scope);
            if (!(macro instanceof Macro)) {
                throw JinjaException.unsupported("a call block of anything but a macro");
            }
            Expression bound = new Expression.Constant(((Macro) macro).with(new Macro(caller, scope)));
            output.write(PythonText.of(new Expression.Call(bound, call.positional(), call.named()).value(scope)));
            return Flow.ON;
        }
    }

    /** What the model generates, as transformers marks it: {@code {% generation %}}. */
    record Generation(Block body) implements Statement {
        @Override
        public Flow run(Scope scope, Output output) {
            output.writeGenerated(body.text(scope));
            return Flow.ON;
        }
    }

    /** What is set. */
    interface Target {
        void set(Scope scope, Object value);
    }

    record NameTarget(String name) implements Target {
        @Override
        public void set(Scope scope, Object value) {
            scope.set(name, value);
        }
    }

    record NamespaceTarget(String namespace, String attribute) implements Target {
        @Override
        public void set(Scope scope, Object value) {
            if (!(scope.get(namespace) instanceof Namespace)) {
                throw new JinjaException("cannot set " + namespace + "." + attribute + ": " + namespace + " is no namespace");
            }
            ((Namespace) scope.get(namespace)).set(attribute, value);
        }
    }

    record TupleTarget(List<Target> targets) implements Target {
        @Override
        public void set(Scope scope, Object value) {
            List<Object> items = Python.items(value);
            if (items.size() != targets.size()) {
                throw new JinjaException(Python.typeName(value) + " of " + items.size() + " items cannot be taken apart into "
                        + targets.size());
            }
            for (int i = 0; i < items.size(); i++) {
                targets.get(i).set(scope, items.get(i));
            }
        }
    }
}
