package io.nightshift.jobs.batch.report;

import java.util.Locale;

/** Texts and numbers as a page shows them. */
final class Html {
    private Html() {}

    static String text(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    static String format(String form, Object... values) {
        return String.format(Locale.ROOT, form, values);
    }

    /** Seconds, minutes or hours. */
    static String time(double seconds) {
        return seconds < 99.5 ? format("%.1f s", seconds)
                : seconds < 5970 ? format("%.1f min", seconds / 60)
                : format("%.1f h", seconds / 3600);
    }

    /** A divergence: enough digits that two of them can be told apart. */
    static String divergence(double nats) {
        return nats == 0 ? "0" : nats < 0.0001 ? format("%.1e", nats) : nats < 0.01 ? format("%.5f", nats)
                : format("%.4f", nats);
    }
}
