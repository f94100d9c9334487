package io.nightshift.jobs.batch.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kind of error, with the whole of its message: the file, the line, the key, what is wrong and what to do. */
class ManifestErrorsTest {
    private static String errors(String file, String text) {
        return assertThrows(InvalidManifestException.class, () -> ManifestReader.read(file, text, KnownFiles.SOME))
                .getMessage();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"ofTheText", "ofTheTop", "ofModels", "ofTargets", "ofValues", "ofCombinations"})
    void isToldWithItsLine(String kind, String yaml, String message) {
        assertEquals("night.yaml:" + message, errors("night.yaml", yaml));
    }

    private static Arguments error(String kind, String yaml, String message) {
        return Arguments.of(kind, yaml, message);
    }

    /** An entry of models after output; it starts in line 3. */
    private static Arguments ofModel(String kind, String entry, String message) {
        return error(kind, "output: out\nmodels:\n  - " + entry.replace("\n", "\n    "), message);
    }

    static Stream<Arguments> ofTheText() {
        return Stream.of(
                error("no YAML", "output: out\nmodels: [", "2: is not YAML: expected the node content, but found "
                        + "'<stream end>'; mind indentation, colons and quotes there"),
                error("empty", "# nothing yet\n", "1: is empty; it needs output and models"),
                error("no table", "- models/llama\n", "1: is a list, but a table with output and models is wanted"),
                error("duplicate key", "output: out\noutput: other\nmodels:\n- {model: models/llama, targets: awq, stats: s}",
                        "2: output: stands there twice, first in line 1; remove one"),
                error("merge key", "output: out\nmodels:\n- {<<: {model: x}, model: models/llama, targets: 'gguf:Q8_0'}",
                        "3: '<<' merges nothing here; put what models share under defaults"),
                error("key that is no word", "output: out\nmodels:\n- {model: models/llama, targets: 'gguf:Q8_0', [a]: b}",
                        "3: a key must be a word"),
                error("too deep", "output: [[[[[[[[[[[[[x]]]]]]]]]]]]]\nmodels:\n- {model: models/llama, targets: 'gguf:Q8_0'}",
                        "1: lists and tables within each other more than 12 deep; a manifest needs 4\n"
                                + "night.yaml:1: output: is a list, but a text is wanted\n"
                                + "night.yaml:1: output is missing; say where everything goes, as in output: "
                                + "s3a://quantized/2026-11-27"));
    }

    static Stream<Arguments> ofTheTop() {
        String models = "\nmodels:\n- {model: models/llama, targets: 'gguf:Q8_0'}\n";
        return Stream.of(
                error("no output", models.strip(), "1: output is missing; say where everything goes, as in output: "
                        + "s3a://quantized/2026-11-27"),
                error("no models", "output: out", "1: models is missing; list the checkpoints under it"),
                error("empty models", "output: out\nmodels: []", "2: models: is an empty list; name a checkpoint"),
                error("models no list", "output: out\nmodels: models/llama",
                        "2: models: is 'models/llama', but a list is wanted: a hyphen before each model"),
                error("unknown key, a near one known", "output: out\ndefalts: {}" + models,
                        "2: defalts: is no key; did you mean 'defaults'?"),
                error("unknown key, none near", "output: out\nwhatever: 1" + models, "2: whatever: is no key; known: "
                        + "output, until, time-zone, models-at-once, defaults, models"),
                error("key of another place", "output: out\ntargets: awq" + models,
                        "2: targets: does not stand here; it belongs under defaults or in an entry of models"),
                error("defaults no table", "output: out\ndefaults: [awq]" + models,
                        "2: defaults: is a list, but a table of keys is wanted"),
                error("location of another scheme", "output: s3://bucket/x" + models, "1: output: s3://bucket/x: Hadoop's S3 "
                        + "client is meant; write s3a:// instead of s3://"),
                error("no bucket", "output: s3a:///x" + models,
                        "1: output: s3a:///x: there is no bucket in it; write s3a://BUCKET/FOLDER"),
                error("time of day", "output: out\nuntil: 6am" + models, "2: until: '6am' is no time of day; write hours and "
                        + "minutes, as in 06:00 or 23:30"),
                error("minutes", "output: out\nuntil: 23:60" + models, "2: until: '23:60' is no time of day; write hours and "
                        + "minutes, as in 06:00 or 23:30"),
                error("time zone", "output: out\nuntil: 06:00\ntime-zone: Europe/Berlim" + models,
                        "3: time-zone: 'Europe/Berlim' is no time zone; did you mean 'Europe/Berlin'?"),
                error("time zone alone", "output: out\ntime-zone: UTC" + models,
                        "2: time-zone: has no effect without until"),
                error("default of no model", "output: out\ndefaults: {symmetric: true}" + models,
                        "2: defaults.symmetric: has no effect on any of the models; leave it out"));
    }

    static Stream<Arguments> ofModels() {
        return Stream.of(
                ofModel("no table", "models/llama", "3: models[0]: is 'models/llama', but a table is wanted; write - model: "
                        + "FOLDER"),
                ofModel("no model", "targets: awq", "3: models[0]: names no checkpoint; write it as model: FOLDER"),
                ofModel("empty model", "model:\ntargets: awq",
                        "3: models[0].model: is empty; give a text or leave the key out"),
                ofModel("no checkpoint", "model: models/gone\ntargets: gguf:Q8_0",
                        "3: models[0].model: models/gone is no checkpoint: there is no config.json in it"),
                ofModel("glob finds nothing", "model: gone/*/\ntargets: gguf:Q8_0", "3: models[0].model: gone/*/ finds no "
                        + "checkpoint: no folder with a config.json matches or lies below a match"),
                ofModel("store is down", "model: down/llama\ntargets: gguf:Q8_0",
                        "3: models[0].model: down/llama: the store does not answer"),
                ofModel("no targets", "model: models/llama",
                        "3: models[0]: has no targets, and the defaults have none; name some with targets:"),
                ofModel("name that cannot be", "model: odd/a name\ntargets: gguf:Q8_0", "3: models[0]: 'a name' can be no "
                        + "folder's name in the output; give another with name: letters, digits, dots and hyphens"),
                ofModel("name that is taken", "model: models/llama\nname: state\ntargets: gguf:Q8_0", "3: models[0]: 'state' "
                        + "can be no folder's name in the output; give another with name: letters, digits, dots and hyphens"),
                ofModel("one name for many", "model: models/\nname: all\ntargets: gguf:Q8_0", "4: models[0].name: one name for "
                        + "2 checkpoints; leave it out, or name a folder without a glob"),
                error("same output name", "output: out\nmodels:\n- {model: models/llama, targets: 'gguf:Q8_0'}\n"
                        + "- {model: other/llama, targets: 'gguf:Q8_0'}", "4: models: other/llama and models/llama would both "
                        + "be called 'llama'; give one of them another name:"),
                error("same model twice", "output: out\nmodels:\n- {model: models/llama, targets: 'gguf:Q8_0'}\n"
                        + "- {model: models/llama, targets: awq, stats: s}", "4: models[1]: models/llama is asked for already "
                        + "in line 3; give all of its targets in one entry"));
    }

    static Stream<Arguments> ofTargets() {
        String model = "model: models/llama\ntargets: ";
        return Stream.of(
                ofModel("empty list", model + "[]", "4: models[0].targets: is an empty list; name targets such as gguf:Q4_K_M, "
                        + "or a preset such as sweet-spot"),
                ofModel("unknown format", model + "ggml:Q8_0", "4: models[0].targets: 'ggml:Q8_0' is neither a target nor a "
                        + "preset; write gguf:TYPE, gguf:SIZE, mmproj:TYPE, awq, exl2:BITS or one of sweet-spot, gguf-static, "
                        + "gguf-imatrix"),
                ofModel("unknown preset", model + "gguf-statik", "4: models[0].targets: 'gguf-statik' is neither a target nor "
                        + "a preset; did you mean 'gguf-static'?"),
                ofModel("no type", model + "gguf", "4: models[0].targets: 'gguf' says no type; write one such as gguf:Q4_K_M"),
                ofModel("unknown type", model + "[gguf:Q4_KM]",
                        "4: models[0].targets[0]: 'gguf:Q4_KM' is no GGUF type; did you mean 'Q4_K_M'?"),
                ofModel("AWQ variant", model + "awq:w8", "4: models[0].targets: 'awq:w8': AWQ has 4 bits and groups of 32, 64, "
                        + "128 or -1 (whole rows); write awq or awq:w4g128"),
                ofModel("no bits", model + "exl2", "4: models[0].targets: 'exl2' says no bits per weight; write them, as in "
                        + "exl2:4.65"),
                ofModel("type that no vision tower has", model + "mmproj:Q4_K_M", "4: models[0].targets: 'mmproj:Q4_K_M' is no"
                        + " file of a vision tower; write mmproj:F16, or another of [F32, F16, BF16, Q8_0]"),
                ofModel("evaluation of a vision tower alone", model + "mmproj:f16\nevaluation: held-out.txt",
                        "5: models[0].evaluation: has no effect without a target that predicts, which mmproj does not"),
                ofModel("too many bits", model + "exl2:16",
                        "4: models[0].targets: 'exl2:16': EXL2 has 2 to 8 bits per weight; 4.65 is usual"),
                ofModel("twice", model + "\n- gguf:Q8_0\n- gguf:q8_0",
                        "6: models[0].targets[1]: gguf:Q8_0 stands there twice, first in line 5; remove one"),
                ofModel("table without target", model + "[{max-kld: 1}]\nevaluation: held-out.txt",
                        "4: models[0].targets[0]: names no target; write it as target: gguf:Q4_K_M"),
                ofModel("option beside a target", model + "[{target: gguf:Q8_0, pure: true}]", "4: models[0].targets[0].pure: "
                        + "does not stand beside a target; it belongs under defaults or in an entry of models"),
                ofModel("needs a matrix", model + "gguf:IQ1_S", "4: models[0].targets: gguf:IQ1_S is garbage without an "
                        + "importance matrix; give calibration, stats or imatrix"),
                ofModel("needs statistics", model + "awq", "4: models[0].targets: awq is made by statistics of the layers' "
                        + "inputs; give calibration or stats"));
    }

    static Stream<Arguments> ofValues() {
        String model = "model: models/llama\ntargets: gguf:Q8_0\ncalibration: train.jsonl\n";
        return Stream.of(
                ofModel("list for a text", model + "text-column: [a]",
                        "6: models[0].text-column: is a list, but a text is wanted"),
                ofModel("table for texts", model + "evaluation: {a: b}",
                        "6: models[0].evaluation: is a table of keys, but a text or a list of texts is wanted"),
                ofModel("empty list of texts", model + "evaluation: []",
                        "6: models[0].evaluation: is an empty list; name something or leave the key out"),
                ofModel("table in a list of texts", model + "evaluation: [held-out.txt, {a: b}]",
                        "6: models[0].evaluation[1]: is a table of keys, but a text is wanted"),
                ofModel("text for a number", model + "samples: many",
                        "6: models[0].samples: 'many' is not a whole number, without quotes"),
                ofModel("fraction for a whole number", model + "samples: 1.5",
                        "6: models[0].samples: '1.5' is not a whole number"),
                ofModel("number too small", model + "samples: 0", "6: models[0].samples: 0 is too small; 1 is the least"),
                ofModel("priority too large", model + "priority: 3000000000",
                        "6: models[0].priority: 3000000000 is too large; 2147483647 is the most"),
                ofModel("priority no number", model + "priority: high",
                        "6: models[0].priority: 'high' is not a whole number, without quotes"),
                ofModel("no switch", model + "pure: 1", "6: models[0].pure: '1' is not true or false"),
                ofModel("no size", model + "part-size: big", "6: models[0].part-size: 'big' is not a size such as 64M"),
                ofModel("no choice", model + "rounding: gtpq", "6: models[0].rounding: 'gtpq' is no choice; known: gptq, "
                        + "nearest"),
                ofModel("negative limit", model + "evaluation: held-out.txt\nmax-kld: -1",
                        "7: models[0].max-kld: '-1' is not a number above 0"));
    }

    static Stream<Arguments> ofCombinations() {
        String model = "model: models/llama\ntargets: gguf:Q8_0\n";
        return Stream.of(
                ofModel("gate without evaluation", model + "max-kld: 0.1", "5: models[0].max-kld: is a gate, and there is "
                        + "nothing to measure it by; give held-out texts with evaluation:"),
                ofModel("gate of a target without evaluation", "model: models/llama\ntargets:\n"
                        + "- {target: gguf:Q8_0, max-ppl-increase: 0.1}", "5: models[0].targets[0].max-ppl-increase: is a "
                        + "gate, and there is nothing to measure it by; give held-out texts with evaluation:"),
                ofModel("withheld without a gate", model + "evaluation: held-out.txt\nwithhold: true",
                        "6: models[0].withhold: has no effect without max-kld or max-ppl-increase"),
                ofModel("evaluated on calibration", model + "calibration: train.jsonl\nevaluation: texts/", "6: "
                        + "models[0].evaluation: train.jsonl is among the calibration's texts; evaluate on texts that the "
                        + "model was not calibrated on"),
                ofModel("texts not found", model + "calibration: gone.jsonl", "5: models[0].calibration: gone.jsonl finds no "
                        + "file; give files, folders or globs of text, JSON lines or Parquet"),
                ofModel("two sources", model + "calibration: train.jsonl\nstats: s",
                        "5: models[0]: calibration and stats exclude each other; keep one"),
                ofModel("option of calibration alone", model + "samples: 5",
                        "5: models[0].samples: has no effect without calibration"),
                ofModel("chats of nothing", model + "chat: true",
                        "5: models[0].chat: has no effect without calibration or evaluation"),
                ofModel("option of evaluation alone", model + "chunks: 5",
                        "5: models[0].chunks: has no effect without evaluation"),
                ofModel("option of AWQ alone", model + "awq-format: gemm",
                        "5: models[0].awq-format: has no effect without an awq target"),
                ofModel("option of GGUF alone", "model: models/llama\ntargets: awq\nstats: s\npure: true",
                        "6: models[0].pure: has no effect without a gguf target"),
                ofModel("types of a given size alone", model + "stats: s\npin: attn_v=q8_0",
                        "6: models[0].pin: has no effect without a gguf target of a given size"),
                ofModel("types of a mixture", "model: models/llama\ntargets: gguf:5bpw\nstats: s\npure: true",
                        "6: models[0].pure: has no effect without a gguf target of a type"),
                ofModel("a given size without statistics", "model: models/llama\ntargets: gguf:5.0bpw",
                        "4: models[0].targets: gguf:5bpw is made by statistics of the layers' inputs; give calibration or stats"),
                ofModel("damping without feedback", model + "damping: 0.1",
                        "5: models[0].damping: has no effect without rounding: gptq"),
                ofModel("propagation without feedback", model + "calibration: train.jsonl\npropagate: quantized",
                        "6: models[0].propagate: has no effect without rounding: gptq"),
                ofModel("feedback without statistics", model + "rounding: gptq", "5: models[0].rounding: needs statistics of "
                        + "the layers' inputs; give calibration or stats"));
    }

    @Test
    void allAreToldAtOnceInTheOrderOfLines() {
        assertEquals("""
                night.yaml:1: output is missing; say where everything goes, as in output: s3a://quantized/2026-11-27
                night.yaml:2: models[0].model: models/gone is no checkpoint: there is no config.json in it
                night.yaml:3: models[1].targets: 'gguf' says no type; write one such as gguf:Q4_K_M""",
                errors("night.yaml", "models:\n- {model: models/gone, targets: gguf:Q8_0}\n"
                        + "- {model: models/llama, targets: gguf}\n"));
    }

    @Test
    void jsonIsToldLikewise() {
        assertEquals("night.json:3: is not JSON: Unexpected close marker '}': expected ']' (for Array starting at [Source: "
                        + "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 2, column: 12]); mind "
                        + "commas, brackets and quotes there",
                errors("night.json", "{\"output\": \"out\",\n \"models\": [\n}"));
        assertEquals("night.json:2: output: stands there twice, first in line 1; remove one",
                errors("night.json", "{\"output\": \"out\",\n \"output\": \"o\", \"models\": "
                        + "[{\"model\": \"models/llama\", \"targets\": \"gguf:Q8_0\"}]}"));
    }
}
