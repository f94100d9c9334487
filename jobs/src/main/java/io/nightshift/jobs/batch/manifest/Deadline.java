package io.nightshift.jobs.batch.manifest;

import io.nightshift.formats.InvalidModelException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.regex.Pattern;

/**
 * A time of day that a night has to be over by.
 *
 * @param time on the clock
 * @param zone where the clock hangs
 */
public record Deadline(LocalTime time, ZoneId zone) {
    private static final Pattern FORM = Pattern.compile("([01]\\d|2[0-3]):[0-5]\\d");

    /**
     * Reads a time of day.
     *
     * @param time such as 06:00, 24 hours to the day
     * @param zone such as Europe/Berlin
     * @throws InvalidModelException if one of them is not
     */
    public static Deadline parse(String time, String zone) {
        return new Deadline(time(time), zone(zone));
    }

    static LocalTime time(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new InvalidModelException("'" + text + "' is no time of day; write hours and minutes, as in 06:00 or 23:30");
        }
        return LocalTime.parse(text);
    }

    static ZoneId zone(String text) {
        try {
            return ZoneId.of(text);
        } catch (DateTimeException e) {
            throw new InvalidModelException("'" + text + "' is no time zone"
                    + Suggestion.of(text, ZoneId.getAvailableZoneIds())
                            .map(zone -> "; did you mean '" + zone + "'?")
                            .orElse("; write one such as Europe/Berlin, UTC or +02:00"), e);
        }
    }

    /** The next such moment after a start: a day later, if the clock shows that time just then. */
    public Instant after(Instant start) {
        ZonedDateTime local = start.atZone(zone);
        ZonedDateTime today = local.toLocalDate().atTime(time).atZone(zone);
        return (today.toInstant().isAfter(start) ? today : local.toLocalDate().plusDays(1).atTime(time).atZone(zone))
                .toInstant();
    }

    @Override
    public String toString() {
        return time + " " + zone;
    }
}
