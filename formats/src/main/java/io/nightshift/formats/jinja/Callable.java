package io.nightshift.formats.jinja;

/** What can be called: a macro, a method or a function. */
@FunctionalInterface
interface Callable {
    Object call(Arguments arguments);
}
