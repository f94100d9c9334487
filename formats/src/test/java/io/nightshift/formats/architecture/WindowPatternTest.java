package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WindowPatternTest {
    private static List<Integer> windows(WindowPattern pattern, String config) throws IOException {
        ModelConfig read = ModelConfig.of("config.json", new ObjectMapper().readTree(config));
        return IntStream.range(0, 4).mapToObj(layer -> pattern.window(read, layer)).toList();
    }

    /** EXAONE 4 as it was published: its own pattern is a word. */
    @Test
    void layersAreTakenFromTheirListWhateverElseIsThere() throws IOException {
        assertEquals(List.of(4096, 4096, 4096, 0), windows(WindowPattern.LISTED, """
                {"architectures": ["Exaone4ForCausalLM"], "model_type": "exaone4", "num_hidden_layers": 4,
                "sliding_window": 4096, "sliding_window_pattern": "LLLG", "layer_types": ["sliding_attention",
                "sliding_attention", "sliding_attention", "full_attention"]}"""));
        assertEquals(List.of(0, 0, 0, 0), windows(WindowPattern.LISTED, """
                {"architectures": ["Exaone4ForCausalLM"], "model_type": "exaone4", "num_hidden_layers": 4,
                "sliding_window": null, "layer_types": ["full_attention", "full_attention", "full_attention",
                "full_attention"]}"""));
    }

    @Test
    void withoutAListOlmo3HasAWindowInThreeLayersOfFour() throws IOException {
        assertEquals(List.of(512, 512, 512, 0), windows(WindowPattern.LISTED, """
                {"architectures": ["Olmo3ForCausalLM"], "model_type": "olmo3", "num_hidden_layers": 4,
                "sliding_window": 512}"""));
    }

    @Test
    void mistralHasAWindowByDefaultAndMinistral3None() throws IOException {
        String config = """
                {"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3",
                "text_config": {"model_type": "%s", "num_hidden_layers": 4}}""";
        assertEquals(List.of(4096, 4096, 4096, 4096), windows(WindowPattern.ALL_BY_DEFAULT, config.formatted("mistral")));
        assertEquals(List.of(0, 0, 0, 0), windows(WindowPattern.ALL_BY_DEFAULT, config.formatted("ministral3")));
    }

    /** SmolLM3 has its window, if any, where it knows no positions. */
    @Test
    void aWindowThatIsNotUsedIsNone() throws IOException {
        String config = """
                {"architectures": ["SmolLM3ForCausalLM"], "model_type": "smollm3", "num_hidden_layers": 4,
                "sliding_window": 512, "no_rope_layers": [1, 1, 1, 0], "use_sliding_window": %s}""";
        assertEquals(List.of(0, 0, 0, 512), windows(WindowPattern.LISTED_IF_USED, config.formatted("true")));
        assertEquals(List.of(0, 0, 0, 0), windows(WindowPattern.LISTED_IF_USED, config.formatted("false")));
    }
}
