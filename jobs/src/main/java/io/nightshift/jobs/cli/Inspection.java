package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.Printable;
import io.nightshift.formats.weights.ModelListing;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a file or folder holds.
 *
 * @param path where it is
 * @param metadata values as JSON knows them; arrays whole
 * @param tensors in file order
 */
record Inspection(String path, Map<String, Object> metadata, List<ModelListing.Entry> tensors) {
    private static final int ELEMENTS_SHOWN = 6;
    private static final int TEXT_SHOWN = 80;

    static Inspection of(String path, ModelListing listing) {
        return new Inspection(path, listing.metadata(), listing.tensors());
    }

    void printJson(PrintStream out) throws IOException {
        out.println(new ObjectMapper().writeValueAsString(this));
    }

    void print(PrintStream out) {
        metadata.forEach((key, value) -> out.printf(Locale.ROOT, "%-44s %s%n", Printable.name(key), shown(value)));
        if (!metadata.isEmpty()) {
            out.println();
        }
        out.printf(Locale.ROOT, "%-52s %-8s %-20s %10s %6s%n", "tensor", "type", "shape", "MB", "bpw");
        long bytes = 0;
        double weights = 0;
        for (ModelListing.Entry tensor : tensors) {
            bytes += tensor.bytes();
            weights += tensor.bytes() * 8 / tensor.bitsPerWeight();
            out.printf(
                    Locale.ROOT,
                    "%-52s %-8s %-20s %10.3f %6.3f%n",
                    Printable.name(tensor.name()),
                    tensor.type(),
                    tensor.shape().stream().map(Object::toString).collect(Collectors.joining(" x ")),
                    tensor.bytes() * 1e-6,
                    tensor.bitsPerWeight());
        }
        out.printf(
                Locale.ROOT,
                "%d tensors, %.0f weights, %s, %.3f bits per weight%n",
                tensors.size(),
                weights,
                Printable.bytes(bytes),
                bytes * 8 / Math.max(1, weights));
    }

    private static String shown(Object value) {
        if (value instanceof List<?> list) {
            String first = list.stream().limit(ELEMENTS_SHOWN).map(Object::toString).collect(Collectors.joining(", "));
            return "[" + Printable.escaped(first) + (list.size() > ELEMENTS_SHOWN ? ", ..." : "") + "] (" + list.size() + ")";
        }
        String text = Printable.escaped(value.toString());
        return text.length() > TEXT_SHOWN ? text.substring(0, TEXT_SHOWN) + "..." : text;
    }
}
