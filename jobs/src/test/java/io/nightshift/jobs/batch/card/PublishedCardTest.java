package io.nightshift.jobs.batch.card;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.report.SampleNight;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.storage.HadoopSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

class PublishedCardTest {
    private static final CardFacts FACTS = new CardFacts("acme/llama-support: the 'best'", Optional.of("apache-2.0"),
            List.of("en"), List.of("conversational"), Optional.of("text-generation"), List.of("s3a://corpus/*.jsonl"),
            List.of("s3a://held-out/wiki.txt"));

    private static final NightResult NIGHT = SampleNight.result();

    @Test
    void theFrontMatterIsWhatHubsRead() {
        String card = PublishedCard.text(NIGHT, NIGHT.models().get(0), FACTS);
        String front = card.substring(4, card.indexOf("\n---\n", 4));
        Map<String, Object> values = new Yaml().load(front);
        assertEquals("acme/llama-support: the 'best'", values.get("base_model"));
        assertEquals("quantized", values.get("base_model_relation"));
        assertEquals("apache-2.0", values.get("license"));
        assertEquals("text-generation", values.get("pipeline_tag"));
        assertEquals(List.of("conversational", "gguf", "exl2", "awq", "quantized"), values.get("tags"));
    }

    @Test
    void theTableHasEveryOutputThatIsThere() {
        String card = PublishedCard.text(NIGHT, NIGHT.models().get(0), FACTS);
        assertTrue(card.contains("| [llama-support-0417-Q4_K_M.gguf](./llama-support-0417-Q4_K_M.gguf) | gguf:Q4_K_M | "
                + "4.91 GB | 4.89 | 0.00980 ± 0.00025 | 0.3724 | 96.70 % | 7.485 ± 0.041 |"), card);
        assertTrue(card.contains("![Size against KL divergence](pareto.svg)"));
        assertTrue(card.contains("0123456789abcdef".repeat(4) + "  llama-support-0417-Q4_K_M.gguf\n"));
        assertTrue(card.contains("- Calibrated on: s3a://corpus/*.jsonl"));
    }

    @Test
    void whatIsWithheldIsLeftOutAndWhatIsOverItsGateIsSaid() {
        String card = PublishedCard.text(NIGHT, NIGHT.models().get(1), FACTS);
        assertFalse(card.contains("| awq |"), card);
        assertTrue(card.contains("Note on gguf:Q2_K: mean KLD 0.4100 is over max-kld 0.05000."), card);
    }

    @Test
    void cardAndPlotLieInTheModelsFolder(@TempDir Path folder) throws Exception {
        NightFiles files = NightFiles.open(folder.toString(), new HadoopSettings(Map.of()));
        NightResult.Model llama = NIGHT.models().get(0);
        PublishedCard.write(NIGHT, llama, FACTS, files);
        assertEquals(PublishedCard.text(NIGHT, llama, FACTS), Files.readString(folder.resolve(llama.name() + "/README.md")));
        assertTrue(Files.readString(folder.resolve(llama.name() + "/pareto.svg")).startsWith("<svg"));
        PublishedCard.write(NIGHT, NIGHT.models().get(2), FACTS, files);
        assertFalse(Files.exists(folder.resolve("mistral-broken")), "nothing is there to publish");
    }
}
