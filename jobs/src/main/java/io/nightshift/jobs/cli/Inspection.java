package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.Printable;
import io.nightshift.formats.awq.AwqFolder;
import io.nightshift.formats.awq.AwqLinear;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a file holds.
 *
 * @param path where it is
 * @param metadata values as JSON knows them; arrays whole
 * @param tensors in file order
 */
record Inspection(String path, Map<String, Object> metadata, List<Entry> tensors) {
    private static final int ELEMENTS_SHOWN = 6;
    private static final int TEXT_SHOWN = 80;

    /** A tensor: shape as its format writes it, and bytes without padding. */
    record Entry(String name, String type, List<Long> shape, long bytes, double bitsPerWeight) {}

    static Inspection of(String path, GgufFile file) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        file.header().metadata().values().forEach((key, value) -> metadata.put(key, plain(value)));
        List<Entry> tensors = new ArrayList<>();
        for (GgufTensor tensor : file.header().tensors()) {
            tensors.add(new Entry(
                    tensor.name(), tensor.type().name(), tensor.shape(), tensor.bytes(), tensor.type().bitsPerWeight()));
        }
        return new Inspection(path, metadata, tensors);
    }

    /** Quantized layers are shown as one tensor each, with the shape of their weights. */
    static Inspection of(String path, AwqFolder folder) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        folder.configuration().properties().forEach(entry -> metadata.put("quantization_config." + entry.getKey(),
                entry.getValue().isTextual() ? entry.getValue().asText() : entry.getValue().toString()));
        List<Entry> tensors = new ArrayList<>();
        Set<String> parts = new HashSet<>();
        for (AwqLinear linear : folder.linears()) {
            linear.tensors().values().forEach(tensor -> parts.add(tensor.name()));
            tensors.add(new Entry(linear.module() + ".weight", "4-bit/" + linear.groupSize(),
                    List.of((long) linear.outputs(), (long) linear.inputs()), linear.bytes(),
                    8.0 * linear.bytes() / ((double) linear.outputs() * linear.inputs())));
        }
        folder.tensors().values().stream()
                .filter(tensor -> !parts.contains(tensor.name()))
                .forEach(tensor -> tensors.add(entry(tensor)));
        return new Inspection(path, metadata, tensors);
    }

    static Inspection of(String path, List<SafetensorsTensor> source) {
        return new Inspection(path, Map.of(), source.stream().map(Inspection::entry).toList());
    }

    private static Entry entry(SafetensorsTensor tensor) {
        return new Entry(tensor.name(), tensor.type().name(), tensor.shape(), tensor.length(), tensor.type().bits());
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
        for (Entry tensor : tensors) {
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
                ByteSize.format(bytes),
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

    private static Object plain(GgufValue value) {
        if (value instanceof GgufValue.Text text) {
            return text.value();
        } else if (value instanceof GgufValue.Bool flag) {
            return flag.value();
        } else if (value instanceof GgufValue.Uint8 number) {
            return number.value();
        } else if (value instanceof GgufValue.Int8 number) {
            return number.value();
        } else if (value instanceof GgufValue.Uint16 number) {
            return number.value();
        } else if (value instanceof GgufValue.Int16 number) {
            return number.value();
        } else if (value instanceof GgufValue.Uint32 number) {
            return number.value();
        } else if (value instanceof GgufValue.Int32 number) {
            return number.value();
        } else if (value instanceof GgufValue.Uint64 number) {
            return new java.math.BigInteger(Long.toUnsignedString(number.value()));
        } else if (value instanceof GgufValue.Int64 number) {
            return number.value();
        } else if (value instanceof GgufValue.Float32 number) {
            return number.value();
        } else if (value instanceof GgufValue.Float64 number) {
            return number.value();
        }
        return elements(value);
    }

    private static List<Object> elements(GgufValue value) {
        List<Object> elements = new ArrayList<>();
        if (value instanceof GgufValue.Texts texts) {
            texts.values().forEach(text -> elements.add(new String(text, StandardCharsets.UTF_8)));
        } else if (value instanceof GgufValue.Int32s array) {
            for (int element : array.values()) {
                elements.add(element);
            }
        } else if (value instanceof GgufValue.Uint32s array) {
            for (int element : array.values()) {
                elements.add(Integer.toUnsignedLong(element));
            }
        } else if (value instanceof GgufValue.Float32s array) {
            for (float element : array.values()) {
                elements.add(element);
            }
        } else if (value instanceof GgufValue.Bools array) {
            for (boolean element : array.values()) {
                elements.add(element);
            }
        } else if (value instanceof GgufValue.Array array) {
            array.values().forEach(element -> elements.add(plain(element)));
        }
        return elements;
    }
}
