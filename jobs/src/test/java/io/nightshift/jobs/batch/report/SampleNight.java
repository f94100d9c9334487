package io.nightshift.jobs.batch.report;

import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** A night that never was: numbers of a plausible size, for what is drawn from them. */
public final class SampleNight {
    private static final double WEIGHTS = 8.03e9;

    /** Target, bits per weight, mean KLD. */
    private static final Object[][] LLAMA = {
        {"gguf:Q2_K", 3.16, 0.112}, {"gguf:Q3_K_S", 3.64, 0.0642}, {"gguf:IQ3_S", 3.66, 0.0481}, {"gguf:IQ3_M", 3.76, 0.0455},
        {"gguf:Q3_K_M", 4.0, 0.0352}, {"gguf:Q3_K_L", 4.3, 0.0318}, {"gguf:IQ4_XS", 4.42, 0.0131},
        {"gguf:Q4_K_S", 4.67, 0.0118}, {"gguf:Q4_K_M", 4.89, 0.0098}, {"gguf:Q5_K_S", 5.57, 0.0039},
        {"gguf:Q5_K_M", 5.7, 0.0035}, {"gguf:Q6_K", 6.56, 0.0011}, {"gguf:Q8_0", 8.5, 0.00035}, {"awq", 5.2, 0.0104},
        {"exl2:3.5", 3.7, 0.0402}, {"exl2:4.65", 4.82, 0.0087}, {"exl2:6.0", 6.15, 0.0017}};

    private SampleNight() {}

    /** Three models: one whole, one over its gates, one that failed. */
    public static NightResult result() {
        List<OutputState> llama = new ArrayList<>();
        for (Object[] row : LLAMA) {
            llama.add(output("llama-support-0417", (String) row[0], (double) row[1], (double) row[2], WEIGHTS,
                    OutputStatus.COMPLETE, ""));
        }
        String tiny = "qwen-<tiny>&co";
        List<OutputState> qwen = List.of(
                output(tiny, "gguf:Q4_K_M", 5.1, 0.031, 5e8, OutputStatus.COMPLETE, ""),
                output(tiny, "gguf:Q2_K", 3.4, 0.41, 5e8, OutputStatus.OVER_GATE, "mean KLD 0.4100 is over max-kld 0.05000"),
                output(tiny, "awq", 5.4, 0.09, 5e8, OutputStatus.WITHHELD, "mean KLD 0.09000 is over max-kld 0.05000"),
                missing(tiny, "exl2:4.65", OutputStatus.NOT_STARTED,
                        "would have taken until 06:40, past the deadline of 06:00 Europe/Berlin"));
        String truncated = "model-00002-of-00004.safetensors: truncated: 1,204 bytes are missing; copy it again";
        List<OutputState> broken = List.of(missing("mistral-broken", "gguf:Q4_K_M", OutputStatus.FAILED, truncated),
                missing("mistral-broken", "awq", OutputStatus.FAILED, truncated));
        return new NightResult("2026-11-27", Instant.parse("2026-11-27T21:00:00Z"),
                Instant.parse("2026-11-28T03:41:00Z"), "s3a://models/tonight.yaml", "s3a://quantized/2026-11-27", "0.1.0",
                List.of(
                        new NightResult.Model("llama-support-0417", "s3a://checkpoints/llama-support-0417", OptionalDouble.of(7.412), llama),
                        new NightResult.Model(tiny, "s3a://checkpoints/" + tiny, OptionalDouble.of(12.2), qwen),
                        new NightResult.Model("mistral-broken", "s3a://checkpoints/mistral-broken", OptionalDouble.empty(),
                                broken)));
    }

    private static OutputState output(
            String model, String target, double bits, double divergence, double weights, OutputStatus status, String error) {
        boolean there = status.isThere();
        String file = model + "-" + target.replaceAll(".*:", "") + (target.startsWith("gguf") ? ".gguf" : "");
        return new OutputState("2026-11-27", model, target, status, model + "/" + file, there ? (long) (weights * bits / 8) : 0,
                140 * bits, 2300 * bits, OptionalDouble.of(bits),
                Optional.of(new OutputState.Quality(divergence, divergence / 40, divergence * 38,
                        1 - Math.sqrt(divergence) / 3, 7.412 * (1 + divergence), 0.041)),
                there ? Map.of(file, "0123456789abcdef".repeat(4)) : Map.of(), error);
    }

    private static OutputState missing(String model, String target, OutputStatus status, String error) {
        return new OutputState("2026-11-27", model, target, status, "", 0, 0, 0, OptionalDouble.empty(), Optional.empty(),
                Map.of(), error);
    }

    /** Errors of 32 layers for two outputs, outliers and slow parts of the first model. */
    static List<ModelDetail> details() {
        List<ModelDetail.TensorErrors> errors = new ArrayList<>();
        for (Object[] target : new Object[][] {{"gguf:Q4_K_M", 0.06}, {"gguf:Q8_0", 0.004}}) {
            List<ModelDetail.TensorError> tensors = new ArrayList<>();
            tensors.add(new ModelDetail.TensorError("token_embd.weight", (double) target[1]));
            for (int layer = 0; layer < 32; layer++) {
                String[] kinds = {"attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up",
                    "ffn_down"};
                for (int i = 0; i < kinds.length; i++) {
                    double error = kinds[i].endsWith("norm") ? 0
                            : (double) target[1] * (0.5 + 0.5 * Math.abs(Math.sin(layer * 1.7 + i)) + layer / 64.0);
                    tensors.add(new ModelDetail.TensorError("blk." + layer + "." + kinds[i] + ".weight", error));
                }
            }
            tensors.add(new ModelDetail.TensorError("output.weight", (double) target[1] / 3));
            errors.add(new ModelDetail.TensorErrors((String) target[0], tensors));
        }
        List<ModelDetail.Outlier> outliers = new ArrayList<>();
        List<ModelDetail.SlowPart> slowest = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            outliers.add(new ModelDetail.Outlier("blk." + i + ".ffn_down", i, 97 * i + 5, 412.0 / (i + 1)));
            slowest.add(new ModelDetail.SlowPart(i % 2 == 0 ? "rounding" : "calibration", "layer " + i, 5400.0 / (i + 1)));
        }
        return List.of(new ModelDetail("llama-support-0417", errors, outliers, slowest));
    }
}
