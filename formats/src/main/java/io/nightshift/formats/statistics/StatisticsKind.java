package io.nightshift.formats.statistics;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** How much is kept of what linear layers read. */
public enum StatisticsKind {
    /** Sums of squares and of absolute values a channel: what an importance matrix needs. */
    @JsonProperty("imatrix")
    IMATRIX,

    /** These, and whole Gram matrices XᵀX: what AWQ, EXL2 and error feedback need. */
    @JsonProperty("gram")
    GRAM;

    /** As the manifest and the command line have it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
