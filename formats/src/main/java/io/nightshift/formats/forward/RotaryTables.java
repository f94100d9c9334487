package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.RotaryParameters;
import io.nightshift.kernels.transformer.RotaryTable;

/** The rotary tables of a layer, made as long as sequences need them. Safe for use by several threads. */
final class RotaryTables {
    private final RotaryParameters parameters;
    private RotaryTable ofShort;
    private RotaryTable ofLong;

    RotaryTables(RotaryParameters parameters) {
        this.parameters = parameters;
    }

    /** The table for a sequence of that length. */
    synchronized RotaryTable of(int length) {
        if (length > parameters.longFrom()) {
            if (ofLong == null || ofLong.positions() < length) {
                ofLong = RotaryTable.of(parameters.longInverseFrequencies(), parameters.scaling(), length);
            }
            return ofLong;
        }
        if (ofShort == null || ofShort.positions() < length) {
            ofShort = RotaryTable.of(parameters.inverseFrequencies(), parameters.scaling(), length);
        }
        return ofShort;
    }
}
