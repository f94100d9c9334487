package io.nightshift.jobs.exl2;

import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.Measure;
import io.nightshift.jobs.quantize.Unit;
import java.io.IOException;

/** The relative error of a block's output. */
public enum BlockError implements Measure {
    /** From the block's forward pass. */
    EXACT {
        @Override
        public double error(Unit unit, Choice choice, Inputs inputs) throws IOException {
            return inputs.outputError(LayerHalf.of(unit.linears().get(0).role()), choice);
        }

        @Override
        public boolean runsModel() {
            return true;
        }
    },
    /** From the Gram matrices: the root of the relative losses at the outputs of its layers. No model is run. */
    GRAM {
        @Override
        public double error(Unit unit, Choice choice, Inputs inputs) throws IOException {
            return Math.sqrt(Measure.GRAM.error(unit, choice, inputs));
        }
    };
}
