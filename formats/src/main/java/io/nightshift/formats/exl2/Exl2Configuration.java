package io.nightshift.formats.exl2;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.storage.JsonFile;

/**
 * What {@code config.json} of an EXL2 folder says of it beside the source's own keys (conversion/compile.py), and those that
 * ExLlamaV2 knows by other names.
 *
 * @param bits bits per weight that were asked for
 * @param headBits nominal bits of the head
 * @param rows sequences of the calibration
 * @param length tokens a sequence
 * @param dataset name of the calibration's file
 */
public record Exl2Configuration(double bits, int headBits, int rows, int length, String dataset) {
    /** The release of ExLlamaV2 whose format this is. */
    private static final String VERSION = "0.3.2";

    /**
     * The file.
     *
     * @param source the checkpoint's configuration; not changed
     */
    public byte[] write(ObjectNode source) {
        ObjectNode config = source.deepCopy();
        RotaryKeys.add(config);
        ObjectNode quantization = new ObjectMapper().createObjectNode();
        quantization.put("quant_method", "exl2");
        quantization.put("version", VERSION);
        quantization.put("bits", bits);
        quantization.put("head_bits", headBits);
        ObjectNode calibration = quantization.putObject("calibration");
        calibration.put("rows", rows);
        calibration.put("length", length);
        calibration.put("dataset", dataset);
        config.set("quantization_config", quantization);
        return JsonFile.bytes(config);
    }
}
