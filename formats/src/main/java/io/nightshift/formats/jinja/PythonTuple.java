package io.nightshift.formats.jinja;

import java.util.List;

/** A tuple. */
record PythonTuple(List<Object> items) {}
