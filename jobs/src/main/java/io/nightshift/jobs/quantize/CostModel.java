package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearGroup;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.rounding.ScalePlanner;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.scaling.ScaleCandidate;
import io.nightshift.kernels.scaling.ScaleSearch;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Core seconds that the phases of targets take: the operations of each, over the rate at which a core of a Zen 4 at 3.6 GHz
 * did them for a layer of a 7B model (docs/performance.md). Start-up, reading and writing, and the evaluation of outputs are
 * left out. What two targets share is counted once.
 */
final class CostModel {
    /** Additions and multiplications a second of matrix products. */
    private static final double PRODUCTS = 63e9;

    /** Seconds a channel³ of an input whose Gram matrix is factorized. */
    private static final double FACTOR = 1.5e-11;

    /** Seconds a weight and channel of rounding with error feedback, to groups of integers and to ggml's blocks. */
    private static final double FEEDBACK_OF_INTEGERS = 4.2e-11;
    private static final double FEEDBACK_OF_BLOCKS = 9.2e-11;

    private final Model model;
    private final double expertShare;
    private final int experts;
    private final Set<List<Object>> shared = new HashSet<>();

    CostModel(Model model) throws IOException {
        this.model = model;
        experts = 1 + model.linears().stream().mapToInt(LinearLayer::expert).max().orElse(LinearLayer.NO_EXPERT);
        expertShare = experts == 0 ? 1 : Math.min(1, expertsPerToken(model) / (double) experts);
    }

    private static long expertsPerToken(Model model) {
        String key = model.conversion().architecture().name() + ".expert_used_count";
        return model.conversion().hyperparameters().number(key).orElse(1L);
    }

    /** What running the model over a token of the texts takes. */
    double calibration(StatisticsKind kind) throws IOException {
        double operations = 0;
        for (LinearLayer linear : model.linears()) {
            operations += 2.0 * share(linear) * linear.outputs() * linear.inputs();
        }
        if (kind == StatisticsKind.GRAM) {
            // Half of each symmetric matrix is computed.
            operations += inputs(model.linears()).values().stream()
                    .mapToDouble(linear -> share(linear) * linear.inputs() * linear.inputs())
                    .sum();
        }
        return operations / PRODUCTS;
    }

    /** Of all tokens, those that reach a layer. */
    private double share(LinearLayer linear) {
        return linear.expert() == LinearLayer.NO_EXPERT ? 1 : expertShare;
    }

    /** A layer for each different input. */
    private Map<List<Object>, LinearLayer> inputs(List<LinearLayer> linears) {
        List<LinearGroup> groups = model.conversion().architecture().linearGroups();
        Map<List<Object>, LinearLayer> inputs = new HashMap<>();
        linears.forEach(linear -> inputs.putIfAbsent(
                List.of(linear.layer(), linear.expert(), LinearGroup.input(groups, linear.role())), linear));
        return inputs;
    }

    /** What a target takes, besides the calibration. */
    double target(CheckedTarget target) {
        TargetPlan plan = target.plan();
        List<LinearLayer> linears = plan.units().stream().flatMap(unit -> unit.linears().stream()).toList();
        double seconds = 0;
        List<Object> scales = List.of();
        if (target.target().rounding().scaled()) {
            scales = List.of("scales", plan.nominal(), plan.norms(), target.target().rounding().ratios());
            seconds += once(scales, scales(linears, target.target().rounding().ratios()));
        }
        boolean feedback = target.target().rounding().feedback();
        if (feedback) {
            Map<List<Object>, LinearLayer> inputs = inputs(linears);
            seconds += once(List.of("factors", scales, target.target().rounding().damping(), inputs.keySet()),
                    inputs.values().stream().mapToDouble(linear -> cube(linear.inputs())).sum() * FACTOR);
        }
        if (plan.selection().isPresent()) {
            Measure measure = plan.selection().get().measure();
            seconds += once(List.of("measure", scales, plan.units(), measure),
                    plan.units().stream().mapToDouble(unit -> measuring(unit, measure)).sum());
            Probes probes = plan.selection().get().probes();
            seconds += once(List.of("probes", scales, plan.units(), probes), probing(plan.units(), probes));
        }
        if (feedback) {
            for (Unit unit : plan.units()) {
                for (int i = 0; i < unit.linears().size(); i++) {
                    seconds += rounding(unit.linears().get(i), unit.choices().get(0).encodings().get(i));
                }
            }
        }
        return seconds + encoding(target, feedback);
    }

    private double once(List<Object> key, double seconds) {
        return shared.add(key) ? seconds : 0;
    }

    private static double cube(double channels) {
        return channels * channels * channels;
    }

    private double scales(List<LinearLayer> linears, int ratios) {
        double passes = ScaleSearch.passes(ScaleCandidate.grid(ratios).size());
        double operations = 0;
        for (LinearLayer linear : linears) {
            if (linear.role() == Role.EMBEDDING) {
                continue;
            }
            int layers = linear.expert() == LinearLayer.NO_EXPERT ? 1 : experts;
            // At worst the best is compared with no scales on all rows.
            double rows = passes * ScalePlanner.sampledRows(linear.outputs(), layers) + 2.0 * linear.outputs();
            operations += rows * linear.inputs() * linear.inputs();
        }
        return operations / PRODUCTS;
    }

    private static double rounding(LinearLayer linear, RowEncoding encoding) {
        return (double) linear.outputs() * linear.inputs() * linear.inputs()
                * (encoding instanceof GgmlEncoding ? FEEDBACK_OF_BLOCKS : FEEDBACK_OF_INTEGERS);
    }

    /** Choices that follow each other and agree in a layer round it once. */
    private static double measuring(Unit unit, Measure measure) {
        if (unit.choices().size() < 2) {
            return 0;
        }
        double seconds = 0;
        for (int i = 0; i < unit.linears().size(); i++) {
            LinearLayer linear = unit.linears().get(i);
            RowEncoding before = null;
            double share = measure.runsModel() ? 1 : Math.min(1, measure.sampledRows() / (double) linear.outputs());
            for (Choice choice : unit.choices()) {
                RowEncoding encoding = choice.encodings().get(i);
                seconds += encoding.equals(before) ? 0 : share * rounding(linear, encoding);
                before = encoding;
            }
            if (measure.runsModel()) {
                seconds += 2.0 * Measurements.TOKENS * linear.outputs() * linear.inputs() * unit.choices().size() / PRODUCTS;
            }
        }
        return seconds;
    }

    /** Each probe runs the layers from its own on, and what they give through the output matrix, as the original's again. */
    private double probing(List<Unit> units, Probes probes) {
        Map<Integer, Double> layers = new HashMap<>();
        for (Unit unit : units) {
            for (LinearLayer linear : unit.linears()) {
                layers.merge(linear.layer(), share(linear) * linear.outputs() * linear.inputs(), Double::sum);
            }
        }
        LinearLayer head = LinearLayers.head(model.conversion());
        double operations = 0;
        for (int i = 0; i < probes.choices().size(); i++) {
            List<LinearLayer> linears = units.get(i).linears();
            int first = linears.isEmpty() || linears.get(0).role() == Role.EMBEDDING ? 0 : linears.get(0).layer();
            double weights = 2.0 * head.outputs() * head.inputs();
            for (Map.Entry<Integer, Double> layer : layers.entrySet()) {
                weights += first != LinearLayer.NO_LAYER && layer.getKey() >= first ? layer.getValue() : 0;
            }
            operations += 2 * weights * probes.choices().get(i).size();
        }
        return operations * probes.sequences() * probes.length() / PRODUCTS;
    }

    /** Tensors that are quantized without feedback. */
    private static double encoding(CheckedTarget target, boolean feedback) {
        Set<String> rounded = new HashSet<>();
        if (feedback) {
            target.plan().units().forEach(unit -> unit.linears().forEach(linear -> rounded.add(linear.tensor())));
        }
        return target.laidOut().stream()
                .flatMap(found -> found.layout().items())
                .filter(item -> item instanceof Item.Rows rows && !rounded.contains(rows.name()))
                .mapToDouble(item -> item.weights() / EncodingRates.weightsPerSecond(((Item.Rows) item).as()))
                .sum();
    }
}
