package io.nightshift.jobs.cli;

/** The terminal that standard error goes to, by what the launcher found: Java itself knows of the other streams alone. */
final class Terminal {
    private static final String COLUMNS = "nightshift.columns";

    private Terminal() {}

    /** Its width; 0 where there is none. */
    static int columns() {
        return Integer.getInteger(COLUMNS, 0);
    }
}
