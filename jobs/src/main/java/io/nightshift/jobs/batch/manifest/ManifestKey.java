package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.batch.manifest.ValueKind.Amount;
import io.nightshift.jobs.batch.manifest.ValueKind.Choice;
import io.nightshift.jobs.batch.manifest.ValueKind.Count;
import io.nightshift.jobs.batch.manifest.ValueKind.Size;
import io.nightshift.jobs.batch.manifest.ValueKind.Structure;
import io.nightshift.jobs.batch.manifest.ValueKind.Switch;
import io.nightshift.jobs.batch.manifest.ValueKind.Text;
import io.nightshift.jobs.batch.manifest.ValueKind.Texts;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The keys of a manifest. Those that are options of the commands have their names. The published schema, the checks and
 * the suggestions are all made from this table.
 */
public enum ManifestKey {
    OUTPUT("output", Place.TOP, new Text(), "Where everything goes: a folder or an s3a:// prefix."),
    UNTIL("until", Place.TOP, new Text(), "The next time of day, as in 06:00, after which nothing should run: what would not"
            + " finish by then is not started."),
    TIME_ZONE("time-zone", Place.TOP, new Text(), "The zone of until, such as Europe/Berlin or UTC (default: the machine's)."),
    MODELS_AT_ONCE("models-at-once", Place.TOP, new Count(1), "Most models that run side by side (default: 2)."),
    DEFAULTS("defaults", Place.TOP, new Structure(), "What holds for every model that does not say otherwise."),
    MODELS("models", Place.TOP, new Structure(), "The checkpoints."),

    MODEL("model", Place.MODEL, new Text(), "The checkpoint's folder or s3a:// prefix. With a glob or a slash at its end it"
            + " stands for each checkpoint that it matches, or that lies directly below a match."),
    NAME("name", Place.MODEL, new Text(), "The outputs' folder (default: the checkpoint's name)."),

    TARGETS("targets", Place.SHARED, new Structure(), "Targets and presets, or tables of a target and its gate."),
    PRIORITY("priority", Place.SHARED, new Count(Integer.MIN_VALUE), "Higher ones start first (default: 0)."),
    CALIBRATION("calibration", Place.SHARED, new Texts(), "Texts that the model is run on once for all of its targets."),
    TOKENS("tokens", Place.SHARED, new Text(), "In place of calibration: the tokens.safetensors of an earlier one."),
    STATS("stats", Place.SHARED, new Text(), "In place of calibration: the folder that nightshift calibrate left."),
    TEXT_COLUMN("text-column", Place.SHARED, new Text(), "Field or column with the text, of calibration and evaluation."),
    CHAT("chat", Place.SHARED, new Switch(), "Texts of calibration and evaluation are chats: JSON lines or Parquet with"
            + " messages."),
    SAMPLES("samples", Place.SHARED, new Count(1), "Most sequences of calibration."),
    SEQUENCE_LENGTH("sequence-length", Place.SHARED, new Count(1), "Tokens of a sequence."),
    SHUFFLE("shuffle", Place.SHARED, new Count(Long.MIN_VALUE), "Seed of the order of documents."),
    PACKING("packing", Place.SHARED, new Choice(List.of("documents", "llama-imatrix")), "How texts are cut."),
    MIN_EXPERT_TOKENS("min-expert-tokens", Place.SHARED, new Count(0), "Fewer, and an expert gets its layer's statistics."),
    ROUTE_ALL_EXPERTS("route-all-experts", Place.SHARED, new Switch(), "Statistics of every expert from all tokens."),
    GROUPS("groups", Place.SHARED, new Count(1), "Groups of sequences, a task each (default: tokens / 1,024, up to 16)."),
    IMATRIX("imatrix", Place.SHARED, new Texts(), "In place of calibration, for GGUF: importance matrices of the model."),
    INCLUDE_WEIGHTS("include-weights", Place.SHARED, new Texts(), "Tensors that the matrix is used for."),
    EXCLUDE_WEIGHTS("exclude-weights", Place.SHARED, new Texts(), "Tensors that the matrix is not used for."),
    EVALUATION("evaluation", Place.SHARED, new Texts(), "Held-out texts, none of them among the calibration's."),
    CONTEXT("context", Place.SHARED, new Count(2), "Tokens of a chunk of evaluation."),
    CHUNKS("chunks", Place.SHARED, new Count(1), "Most chunks of evaluation."),
    MAX_KLD("max-kld", Place.SHARED, new Amount(false), "Gate: the largest mean KL divergence, in nats."),
    MAX_PPL_INCREASE("max-ppl-increase", Place.SHARED, new Amount(true), "Gate: the largest increase of perplexity, as a share"
            + " of the original's: 0.02 is 2 %."),
    WITHHOLD("withhold", Place.SHARED, new Switch(), "Take away an output that is over its gate (default: mark it)."),
    SCALES("scales", Place.SHARED, new Choice(List.of("awq", "none")), "Scales of channels."),
    AWQ_GRID("awq-grid", Place.SHARED, new Count(1), "Ratios of scales that are tried."),
    ROUNDING("rounding", Place.SHARED, new Choice(List.of("gptq", "nearest")), "How weights are rounded."),
    DAMPING("damping", Place.SHARED, new Amount(true), "Damping of error feedback."),
    PROPAGATE("propagate", Place.SHARED, new Choice(List.of("original", "quantized")), "With error feedback, AWQ and EXL2:"
            + " what each block is rounded for, what the model's own blocks before it produce, or what the rounded ones do."),
    AWQ_FORMAT("awq-format", Place.SHARED, new Choice(List.of("gemm", "compressed-tensors")), "Layout of an AWQ folder."),
    GROUP_SIZE("group-size", Place.SHARED, new Count(-1), "AWQ: weights that share a scale."),
    SYMMETRIC("symmetric", Place.SHARED, new Switch(), "AWQ: integers around a fixed zero point."),
    MODULES_LEFT_OUT("modules-left-out", Place.SHARED, new Texts(), "AWQ: linear layers that stay as they are."),
    MAX_SHARD_SIZE("max-shard-size", Place.SHARED, new Size(), "AWQ and EXL2: most bytes of a safetensors file."),
    HEAD_BITS("head-bits", Place.SHARED, new Count(2), "EXL2: bits of the output projection."),
    MEASURE("measure", Place.SHARED, new Choice(List.of("exact", "gram")), "EXL2: how it is measured what choices lose."),
    MEASUREMENT("measurement", Place.SHARED, new Text(), "EXL2: a measurement.json in place of measuring."),
    PURE("pure", Place.SHARED, new Switch(), "GGUF: no mixture of types."),
    LEAVE_OUTPUT_TENSOR("leave-output-tensor", Place.SHARED, new Switch(), "GGUF: leave output.weight as it is."),
    OUTPUT_TENSOR_TYPE("output-tensor-type", Place.SHARED, new Text(), "GGUF: type of output.weight."),
    TOKEN_EMBEDDING_TYPE("token-embedding-type", Place.SHARED, new Text(), "GGUF: type of token_embd.weight."),
    TENSOR_TYPE("tensor-type", Place.SHARED, new Texts(), "GGUF: REGEX=TYPE, the first that matches counts."),
    ALLOW_TYPES("allow-types", Place.SHARED, new Texts(), "GGUF of a given size: the types that tensors may take."),
    PIN("pin", Place.SHARED, new Texts(), "GGUF of a given size: REGEX=TYPE, the first that matches counts."),
    STRICT("strict", Place.SHARED, new Switch(), "GGUF: refuse where a file would differ from what the checkpoint says."),
    NO_MTP("no-mtp", Place.SHARED, new Switch(), "Leave out the block that predicts further tokens."),
    PRE_TOKENIZER("pre-tokenizer", Place.SHARED, new Text(), "llama.cpp's name of the BPE pre-tokenizer."),
    PART_SIZE("part-size", Place.SHARED, new Size(), "Most bytes of a part, about."),
    OVERWRITE("overwrite", Place.SHARED, new Switch(), "Make outputs again that are complete already."),

    TARGET("target", Place.TARGET, new Text(), "A target or preset.");

    /** Where the model's statistics come from: what a model says of it replaces all that the defaults say. */
    public static final Set<ManifestKey> SOURCES =
            Collections.unmodifiableSet(EnumSet.of(CALIBRATION, TOKENS, STATS, IMATRIX));

    /** What has an effect only on targets that take statistics. */
    public static final Set<ManifestKey> OF_STATISTICS = Collections.unmodifiableSet(EnumSet.of(CALIBRATION, TOKENS, STATS,
            IMATRIX, SAMPLES, SEQUENCE_LENGTH, SHUFFLE, PACKING, MIN_EXPERT_TOKENS, ROUTE_ALL_EXPERTS, GROUPS,
            INCLUDE_WEIGHTS, EXCLUDE_WEIGHTS, SCALES, AWQ_GRID, ROUNDING, DAMPING, PROPAGATE));

    /** The options of evaluation; {@link #TEXT_COLUMN} and {@link #CHAT} are ones too, and of calibration. */
    public static final Set<ManifestKey> OF_EVALUATION =
            Collections.unmodifiableSet(EnumSet.of(EVALUATION, CONTEXT, CHUNKS));

    /** What only GGUF has a use for. */
    public static final Set<ManifestKey> OF_GGUF = Collections.unmodifiableSet(EnumSet.of(IMATRIX, INCLUDE_WEIGHTS,
            EXCLUDE_WEIGHTS, PURE, LEAVE_OUTPUT_TENSOR, OUTPUT_TENSOR_TYPE, TOKEN_EMBEDDING_TYPE, TENSOR_TYPE, ALLOW_TYPES, PIN,
            STRICT));

    /** Of these, what settles types, and has no effect on files of a given size. */
    public static final Set<ManifestKey> OF_TYPED_GGUF = Collections.unmodifiableSet(
            EnumSet.of(PURE, LEAVE_OUTPUT_TENSOR, OUTPUT_TENSOR_TYPE, TOKEN_EMBEDDING_TYPE, TENSOR_TYPE));

    /** And what has an effect on those alone. */
    public static final Set<ManifestKey> OF_SIZED_GGUF = Collections.unmodifiableSet(EnumSet.of(ALLOW_TYPES, PIN));

    /** What only AWQ has a use for. */
    public static final Set<ManifestKey> OF_AWQ = Collections.unmodifiableSet(
            EnumSet.of(AWQ_FORMAT, GROUP_SIZE, SYMMETRIC, MODULES_LEFT_OUT));

    /** What only EXL2 has a use for. */
    public static final Set<ManifestKey> OF_EXL2 =
            Collections.unmodifiableSet(EnumSet.of(HEAD_BITS, MEASURE, MEASUREMENT));

    /** What may stand beside a target. */
    static final Set<ManifestKey> GATE = EnumSet.of(MAX_KLD, MAX_PPL_INCREASE, WITHHOLD);

    /** Where a key may stand. */
    enum Place {
        TOP("at the top"),
        MODEL("in an entry of models"),
        SHARED("under defaults or in an entry of models"),
        TARGET("in an entry of targets");

        private final String words;

        Place(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    private final String word;
    private final Place place;
    private final ValueKind kind;
    private final String description;

    ManifestKey(String word, Place place, ValueKind kind, String description) {
        this.word = word;
        this.place = place;
        this.kind = kind;
        this.description = description;
    }

    /** As it stands in a manifest; with two hyphens before it, the option of a command. */
    public String word() {
        return word;
    }

    /** What it means, in a sentence. */
    public String description() {
        return description;
    }

    Place place() {
        return place;
    }

    ValueKind kind() {
        return kind;
    }

    /** Whether it is an option of the commands, rather than the manifest's own. */
    boolean isOption() {
        return place == Place.SHARED && this != TARGETS && this != PRIORITY && !GATE.contains(this);
    }

    static Optional<ManifestKey> of(String word) {
        return Arrays.stream(values()).filter(key -> key.word.equals(word)).findFirst();
    }

    /** The keys of a table. */
    static Set<ManifestKey> in(Place... places) {
        Set<ManifestKey> keys = EnumSet.noneOf(ManifestKey.class);
        Arrays.stream(values()).filter(key -> Arrays.asList(places).contains(key.place)).forEach(keys::add);
        return keys;
    }
}
