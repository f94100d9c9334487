package io.nightshift.jobs.forward;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Variants that become GGUF, and that the forward pass does not know, for others compute them in more than one way. */
class VariantsNotRunTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            deepseek-v2|"norm_topk_prob": false|"norm_topk_prob": true|"norm_topk_prob" is true, which is not known for
            glm4.7-flash|"noaux_tc"|"greedy"|"topk_method" is "greedy", which is not known for Glm4MoeLiteForCausalLM
            deepseek-v2|"group_limited_greedy"|"noaux_tc"|"topk_method" is "noaux_tc", which is not known for DeepseekV2
            deepseek-v3|"sigmoid"|"softmax"|"scoring_func" is "softmax", which is not known for DeepseekV3ForCausalLM
            deepseek-v2|"topk_group": 2|"topk_group": 5|"topk_group" 5 leaves some
            deepseek-v3|"hidden_act"|"partial_rotary_factor": 0.5, "hidden_act"|"partial_rotary_factor" leaves 16 of 32 channels
            granite4-tiny|"mamba_n_groups": 2|"mamba_n_groups": 2|"mamba_n_groups" is 2, which is not known for GraniteMoeHybrid
            granite4-one-group|"time_step_limit"|"time_step_limit": [0, 0.1], "other"|"time_step_limit" is [0,0.1], which is not
            granite4-one-group|"time_step_limit"|"time_step_limit": [0.1], "other"|"time_step_limit" is [0.1], which is not
            falcon-h1|"mamba_norm_before_gate": true|"mamba_norm_before_gate": true|"mamba_norm_before_gate" is true, which is
            """)
    void areRefusedByValue(String name, String given, String other, String said) throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder);
        Path config = model.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace(given, other));
        InvalidModelException error = assertThrows(
                InvalidModelException.class, () -> DecoderModel.of(Checkpoint.open(new LocalFolder(model))));
        assertTrue(error.getMessage().contains(said), error.getMessage());
    }
}
