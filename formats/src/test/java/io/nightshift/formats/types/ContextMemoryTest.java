package io.nightshift.formats.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the context and compute buffers that llama-fit-params of llama.cpp says, in MiB, for these shapes. */
class ContextMemoryTest {
    private static GgufMetadata model(String family, int layers, int hidden, int feedForward, int heads, int keyHeads, int width,
            int vocabulary) {
        return new GgufMetadata().text("general.architecture", family)
                .uint32(family + ".block_count", layers)
                .uint32(family + ".embedding_length", hidden)
                .uint32(family + ".feed_forward_length", feedForward)
                .uint32(family + ".attention.head_count", heads)
                .uint32(family + ".attention.head_count_kv", keyHeads)
                .uint32(family + ".attention.key_length", width)
                .uint32(family + ".attention.value_length", width)
                .uint32(family + ".vocab_size", vocabulary);
    }

    /** Llama 3.1 8B. */
    static GgufMetadata llama() {
        return model("llama", 32, 4096, 14336, 32, 8, 128, 128256);
    }

    private static GgufMetadata shape(String name) {
        return switch (name) {
            case "llama-8b" -> llama();
            case "llama-70b" -> model("llama", 80, 8192, 28672, 64, 8, 128, 128256);
            case "mistral-7b" -> model("llama", 32, 4096, 14336, 32, 8, 128, 32000);
            case "smollm2" -> model("llama", 30, 576, 1536, 9, 3, 64, 49152);
            case "qwen3-30b" -> model("qwen3moe", 48, 2048, 6144, 32, 4, 128, 151936)
                    .uint32("qwen3moe.expert_used_count", 8).uint32("qwen3moe.expert_feed_forward_length", 768);
            case "gemma-3-4b" -> model("gemma3", 34, 2560, 10240, 8, 4, 256, 262208)
                    .uint32("gemma3.attention.sliding_window", 1024);
            case "gemma-2-9b" -> model("gemma2", 42, 3584, 14336, 16, 8, 256, 256000)
                    .uint32("gemma2.attention.sliding_window", 4096);
            default -> throw new IllegalArgumentException(name);
        };
    }

    @ParameterizedTest
    @CsvSource({
        "llama-8b, 4096, 512, 266", "llama-8b, 131072, 16384, 266", "llama-70b, 32768, 10240, 282",
        "mistral-7b, 4096, 512, 120", "mistral-7b, 32768, 4096, 148", "mistral-7b, 131072, 16384, 244",
        "smollm2, 4096, 90, 98", "smollm2, 131072, 2880, 141", "qwen3-30b, 32768, 3072, 304",
        "gemma-3-4b, 4096, 254, 527", "gemma-3-4b, 131072, 2734, 522", "gemma-2-9b, 4096, 1344, 514",
        "gemma-2-9b, 32768, 6132, 514"
    })
    void noLessThanWhatLlamaCppTakesAndLittleMore(String shape, long context, long cacheMiB, long buffersMiB) {
        ContextMemory memory = ContextMemory.of(shape(shape));
        long bytes = memory.bytes(context);
        assertTrue(bytes >= cacheMiB + buffersMiB << 20, () -> (bytes >> 20) + " MiB");
        // A shape's numbers are cut to whole MiB.
        assertTrue(bytes <= (cacheMiB + 1 + buffersMiB + 1 << 20) + 512L * 4 * memory.hidden(), () -> (bytes >> 20) + " MiB");
    }

    @Test
    void aStateThatIsNotKnownIsRefused() {
        GgufMetadata mamba = llama().uint32("llama.ssm.state_size", 128);
        String message = assertThrows(InvalidModelException.class, () -> ContextMemory.of(mamba)).getMessage();
        assertTrue(message.contains("llama takes for its ssm.state_size is not known here"), message);
    }

    @Test
    void recurrentLayersKeepAStateInPlaceOfKeys() {
        GgufMetadata hybrid = model("qwen35", 8, 1024, 3584, 8, 2, 256, 1000).uint32("qwen35.ssm.state_size", 128)
                .uint32("qwen35.ssm.inner_size", 2048).uint32("qwen35.ssm.conv_kernel", 4).uint32("qwen35.ssm.group_count", 16);
        ContextMemory memory = ContextMemory.of(hybrid);
        assertEquals(2 * 2 * 2 * (256 + 256), memory.cellBytes());
        assertEquals(6 * 4 * (3 * (2048 + 2 * 16 * 128) + 128 * 2048), memory.stateBytes());
    }
}
