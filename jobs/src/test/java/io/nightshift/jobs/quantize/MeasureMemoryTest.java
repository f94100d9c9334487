package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.jobs.exl2.BlockError;
import io.nightshift.jobs.tasks.StageMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeasureMemoryTest {
    private static LinearLayer linear(String module, String tensor, long outputs, long inputs) {
        return new LinearLayer("model.layers.0." + module, "blk.0." + tensor + ".weight", 0, LinearLayer.NO_EXPERT,
                new SourceRows(new SafetensorsTensor(module, SafetensorsType.BF16, List.of(outputs, inputs), "a", 0,
                        2 * outputs * inputs), 0, outputs, RowOrder.AS_IS, 0));
    }

    private static Unit unit(LinearLayer... linears) {
        Choice choice = new Choice("one", List.of(), 0);
        return new Unit("unit", List.of(linears), List.of(choice, choice), choice);
    }

    /** A layer of Llama 3.1 70B: the figures of docs/exl2.md. */
    @Test
    void exactErrorsOf70BTake18GigabytesATaskAnd7ThatAreShared() {
        List<Unit> units = List.of(
                unit(linear("q_proj", "attn_q", 8192, 8192), linear("k_proj", "attn_k", 1024, 8192),
                        linear("v_proj", "attn_v", 1024, 8192), linear("o_proj", "attn_output", 8192, 8192)),
                unit(linear("gate_proj", "ffn_gate", 28672, 8192), linear("up_proj", "ffn_up", 28672, 8192),
                        linear("down_proj", "ffn_down", 8192, 28672)));
        StageMemory exact = MeasurePhase.memory(BlockError.EXACT, units, 2048);
        assertEquals(18.3e9, exact.task(), 0.1e9);
        assertEquals(7e9, exact.shared(), 0.4e9);
        long ofToken = 4L * ((3 + 5) * 8192 + 2 * 28672 + 8192 + 2 * 28672);
        assertEquals(exact.task() + 6144 * ofToken, MeasurePhase.memory(BlockError.EXACT, units, 8192).task());
        StageMemory gram = MeasurePhase.memory(Measure.GRAM, units, 2048);
        assertEquals(8L * 28672 * 28672 + 32L * 512 * (8192 + 8192 + 28672), gram.task());
        assertEquals(12L * 28672 * 28672, gram.shared());
    }
}
