package io.nightshift.jobs.exl2;

import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.Measure;
import io.nightshift.jobs.quantize.Unit;
import java.io.IOException;

/** The relative error of a block's output, from the losses of its linear layers. */
record BlockError() implements Measure {
    @Override
    public double error(Unit unit, Choice choice, Inputs inputs) throws IOException {
        double loss = 0;
        for (int i = 0; i < unit.linears().size(); i++) {
            loss += inputs.loss(unit.linears().get(i), choice.encodings().get(i));
        }
        return Math.sqrt(loss);
    }
}
