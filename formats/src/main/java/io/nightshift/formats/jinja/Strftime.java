package io.nightshift.formats.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** {@code strftime} in the C locale. */
final class Strftime {
    private static final Map<String, String> PATTERNS = Map.ofEntries(
            Map.entry("d", "dd"), Map.entry("-d", "d"), Map.entry("m", "MM"), Map.entry("-m", "M"),
            Map.entry("Y", "yyyy"), Map.entry("y", "yy"), Map.entry("b", "MMM"), Map.entry("B", "MMMM"),
            Map.entry("a", "EEE"), Map.entry("A", "EEEE"), Map.entry("H", "HH"), Map.entry("I", "hh"),
            Map.entry("M", "mm"), Map.entry("S", "ss"), Map.entry("p", "a"), Map.entry("j", "DDD"),
            Map.entry("F", "yyyy-MM-dd"), Map.entry("T", "HH:mm:ss"));

    private Strftime() {}

    static String format(LocalDateTime time, String format) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            int end = format.startsWith("-", i + 1) ? i + 3 : i + 2;
            String directive = format.substring(i + 1, Math.min(end, format.length()));
            if (directive.equals("%")) {
                text.append('%');
            } else if (PATTERNS.containsKey(directive)) {
                text.append(time.format(DateTimeFormatter.ofPattern(PATTERNS.get(directive), Locale.US)));
            } else {
                throw JinjaException.unsupported("strftime_now with %" + directive);
            }
            i = end - 1;
        }
        return text.toString();
    }
}
