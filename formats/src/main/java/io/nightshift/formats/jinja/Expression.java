package io.nightshift.formats.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What has a value. */
interface Expression {
    /**
     * The value among these names; {@link Python} says which there are.
     *
     * @throws JinjaException if it has none
     */
    Object value(Scope scope);

    record Constant(Object value) implements Expression {
        @Override
        public Object value(Scope scope) {
            return value;
        }
    }

    record Name(String name) implements Expression {
        @Override
        public Object value(Scope scope) {
            return scope.get(name);
        }
    }

    record ListOf(List<Expression> items) implements Expression {
        @Override
        public Object value(Scope scope) {
            return values(items, scope);
        }
    }

    record TupleOf(List<Expression> items) implements Expression {
        @Override
        public Object value(Scope scope) {
            return new PythonTuple(values(items, scope));
        }
    }

    record DictOf(List<Expression> keys, List<Expression> values) implements Expression {
        @Override
        public Object value(Scope scope) {
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                Object key = keys.get(i).value(scope);
                Python.requireKey(key);
                dict.put(key, values.get(i).value(scope));
            }
            return dict;
        }
    }

    record Attribute(Expression of, String name) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Subscript.attribute(of.value(scope), name);
        }
    }

    record Item(Expression of, Expression key) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Subscript.item(of.value(scope), key.value(scope));
        }
    }

    /** Bounds that are not there are constants of None, which Python takes for the same. */
    record Slice(Expression of, Expression from, Expression to, Expression step) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Subscript.slice(of.value(scope), from.value(scope), to.value(scope), step.value(scope));
        }
    }

    record Call(Expression callee, List<Expression> positional, Map<String, Expression> named) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object called = callee.value(scope);
            if (called instanceof Undefined undefined) {
                throw undefined.error();
            }
            if (!(called instanceof Callable)) {
                throw new JinjaException(Python.typeName(called) + " cannot be called");
            }
            return ((Callable) called).call(arguments(positional, named, scope));
        }
    }

    record Filtered(Expression of, String filter, List<Expression> positional, Map<String, Expression> named)
            implements Expression {
        @Override
        public Object value(Scope scope) {
            return Filters.apply(filter, of.value(scope), arguments(positional, named, scope));
        }
    }

    record Tested(Expression of, String test, List<Expression> arguments) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Tests.apply(test, of.value(scope), values(arguments, scope));
        }
    }

    record Not(Expression of) implements Expression {
        @Override
        public Object value(Scope scope) {
            return !Python.truth(of.value(scope));
        }
    }

    record Negative(Expression of) implements Expression {
        @Override
        public Object value(Scope scope) {
            return Python.negate(of.value(scope));
        }
    }

    record And(Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object value = left.value(scope);
            return Python.truth(value) ? right.value(scope) : value;
        }
    }

    record Or(Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object value = left.value(scope);
            return Python.truth(value) ? value : right.value(scope);
        }
    }

    record Conditional(Expression condition, Expression then, Optional<Expression> otherwise) implements Expression {
        @Override
        public Object value(Scope scope) {
            if (Python.truth(condition.value(scope))) {
                return then.value(scope);
            }
            return otherwise.isPresent()
                    ? otherwise.get().value(scope)
                    : new Undefined("an if without else has no value where its condition is false");
        }
    }

    record Arithmetic(String operator, Expression left, Expression right) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object a = left.value(scope);
            Object b = right.value(scope);
            return switch (operator) {
                case "+" -> Python.add(a, b);
                case "-" -> Python.subtract(a, b);
                case "*" -> Python.multiply(a, b);
                case "/" -> Python.divide(a, b);
                case "//" -> Python.divideDown(a, b);
                case "%" -> Python.remainder(a, b);
                default -> throw JinjaException.unsupported("the operator " + operator);
            };
        }
    }

    record Joined(List<Expression> parts) implements Expression {
        @Override
        public Object value(Scope scope) {
            StringBuilder text = new StringBuilder();
            values(parts, scope).forEach(part -> text.append(PythonText.of(part)));
            return text.toString();
        }
    }

    /** A chain such as {@code a < b <= c}. */
    record Compared(Expression first, List<String> operators, List<Expression> others) implements Expression {
        @Override
        public Object value(Scope scope) {
            Object left = first.value(scope);
            for (int i = 0; i < operators.size(); i++) {
                Object right = others.get(i).value(scope);
                if (!holds(operators.get(i), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        }

        private static boolean holds(String operator, Object left, Object right) {
            return switch (operator) {
                case "==" -> Python.equal(left, right);
                case "!=" -> !Python.equal(left, right);
                case "<" -> Python.compare(left, right) < 0;
                case "<=" -> Python.compare(left, right) <= 0;
                case ">" -> Python.compare(left, right) > 0;
                case ">=" -> Python.compare(left, right) >= 0;
                case "in" -> Python.contains(right, left);
                default -> !Python.contains(right, left);
            };
        }
    }

    private static List<Object> values(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>();
        expressions.forEach(expression -> values.add(expression.value(scope)));
        return values;
    }

    private static Arguments arguments(List<Expression> positional, Map<String, Expression> named, Scope scope) {
        Map<String, Object> values = new LinkedHashMap<>();
        List<Object> first = values(positional, scope);
        named.forEach((name, expression) -> values.put(name, expression.value(scope)));
        return new Arguments(first, values);
    }
}
