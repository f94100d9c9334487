package io.nightshift.jobs.exl2;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.exl2.Exl2Block;
import io.nightshift.formats.exl2.Exl2Model;
import io.nightshift.formats.exl2.Measurement;
import io.nightshift.formats.exl2.ParameterSet;
import io.nightshift.jobs.quantize.Choice;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.kernels.encoding.IntegerEncoding;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.ScaleType;
import io.nightshift.kernels.exl2.Exl2Encoding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What takes a parameter set together, as the engine has it: the blocks of a model, and behind them its head.
 *
 * @param blocks the blocks, with all choices
 * @param head the head, which has one choice
 */
record Exl2Units(List<Unit> blocks, Unit head) {
    /** What scales are searched for, one set for all bitrates: bits, and the group sizes of which the first that fits. */
    private static final int NOMINAL_BITS = 4;
    private static final List<Integer> NOMINAL_GROUPS = List.of(128, 64, 32);

    /** The units with ExLlamaV2's choices. */
    static Exl2Units of(Exl2Model model, int headBits) {
        return of(model, headBits, model.blocks().stream().map(Exl2Block::choices).toList());
    }

    /**
     * The units with the choices of a measurement.
     *
     * @param options of each block
     */
    static Exl2Units measured(Exl2Model model, int headBits, List<List<Measurement.Option>> options) {
        return of(model, headBits,
                options.stream().map(block -> block.stream().map(Measurement.Option::parameters).toList()).toList());
    }

    private static Exl2Units of(Exl2Model model, int headBits, List<List<Map<String, ParameterSet>>> parameters) {
        Encodings encodings = new Encodings(new HashMap<>());
        List<Unit> blocks = new ArrayList<>();
        for (int i = 0; i < model.blocks().size(); i++) {
            blocks.add(unit(model.blocks().get(i), model.linears().get(i), parameters.get(i), encodings));
        }
        return new Exl2Units(blocks, head(model, headBits, encodings));
    }

    /** Layers of the same width share an encoding: of experts and choices there are hundreds of thousands. */
    private record Encodings(Map<List<Object>, Exl2Encoding> found) {
        Exl2Encoding of(ParameterSet set, LinearLayer linear) {
            int inputs = Math.toIntExact(linear.inputs());
            return found.computeIfAbsent(List.of(set, inputs), key -> set.encoding(inputs));
        }
    }

    /** All of them. */
    List<Unit> all() {
        List<Unit> all = new ArrayList<>(blocks);
        all.add(head);
        return all;
    }

    /** Bits that the blocks take at least. */
    long least() {
        return blocks.stream()
                .mapToLong(block -> block.choices().stream().mapToLong(Choice::bits).min().orElseThrow())
                .sum();
    }

    /**
     * A measurement of these units.
     *
     * @param errors of each choice of each block, and more
     */
    static Measurement measurement(Exl2Model model, double[][] errors, String scales) {
        Map<String, List<Measurement.Option>> options = new LinkedHashMap<>();
        for (int i = 0; i < model.blocks().size(); i++) {
            Exl2Block block = model.blocks().get(i);
            List<Measurement.Option> measured = new ArrayList<>();
            for (Map<String, ParameterSet> choice : block.choices()) {
                measured.add(Measurement.Option.measured(choice, block.totalBits(choice), errors[i][measured.size()]));
            }
            options.put(block.key(), measured);
        }
        return new Measurement(options, scales);
    }

    private static Unit unit(Exl2Block block, List<LinearLayer> linears, List<Map<String, ParameterSet>> parameters,
            Encodings encodings) {
        List<Choice> choices = new ArrayList<>();
        for (Map<String, ParameterSet> ofRoles : parameters) {
            List<ParameterSet> sets =
                    block.matrices().stream().map(matrix -> ofRoles.get(matrix.role())).toList();
            choices.add(choice(String.valueOf(choices.size()), linears, sets, block.totalBits(ofRoles), encodings));
        }
        return new Unit(block.key(), linears, choices, nominal(linears));
    }

    private static Unit head(Exl2Model model, int headBits, Encodings encodings) {
        LinearLayer head = model.head();
        ParameterSet parameters = Exl2Model.headParameters(headBits);
        Choice choice = choice(parameters.name(), List.of(head), List.of(parameters),
                parameters.totalBits(head.inputs(), head.outputs(), false), encodings);
        return new Unit(head.module(), List.of(head), List.of(choice), nominal(List.of(head)));
    }

    private static Choice choice(
            String name, List<LinearLayer> linears, List<ParameterSet> sets, long bits, Encodings encodings) {
        List<RowEncoding> ofLinears = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            ofLinears.add(encodings.of(sets.get(i), linears.get(i)));
        }
        return new Choice(name, ofLinears, bits);
    }

    private static Choice nominal(List<LinearLayer> linears) {
        List<RowEncoding> encodings = new ArrayList<>();
        for (LinearLayer linear : linears) {
            int group = NOMINAL_GROUPS.stream().filter(size -> linear.inputs() % size == 0).findFirst().orElseThrow();
            encodings.add(new IntegerEncoding(new IntegerGroups(NOMINAL_BITS, group, false, ScaleType.F16), false));
        }
        return new Choice("nominal", encodings, 0);
    }
}
