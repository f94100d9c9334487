package io.nightshift.formats.jinja;

import java.util.List;

/** What a dict's items(), keys() and values() give, and range(): it has a length, and can be gone through again and again. */
record View(List<Object> items) {}
