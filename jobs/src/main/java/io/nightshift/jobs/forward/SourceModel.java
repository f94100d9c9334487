package io.nightshift.jobs.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.chat.ChatTemplate;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.TextTokenizer;
import io.nightshift.formats.tokenizer.TextTokenizers;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.text.ChatPacker;
import io.nightshift.jobs.text.ChatRecords;
import io.nightshift.jobs.text.Documents;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.ScoredChats;
import io.nightshift.jobs.text.SequencePacker;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;

/** A checkpoint that texts are run through: its hyperparameters, its tokenizer, its place. */
public final class SourceModel {
    private final FolderReference folder;
    private final Checkpoint checkpoint;
    private final DecoderModel decoder;
    private final GgufMetadata metadata;

    private SourceModel(
            FolderReference folder, Checkpoint checkpoint, DecoderModel decoder, GgufMetadata metadata) {
        this.folder = folder;
        this.checkpoint = checkpoint;
        this.decoder = decoder;
        this.metadata = metadata;
    }

    /**
     * Opens a checkpoint; headers and tokenizer are read.
     *
     * @param location a folder
     * @param preTokenizer name of the BPE pre-tokenizer, if the user gave one
     * @throws InvalidModelException if it cannot be used
     * @throws IOException if it cannot be read
     */
    public static SourceModel open(
            String location, Optional<String> preTokenizer, HadoopSettings settings, Consumer<String> warnings)
            throws IOException {
        FolderReference folder = FolderReference.find(location, settings);
        Checkpoint checkpoint = Checkpoint.open(folder.open());
        ModelConversion conversion = Architectures.convertToRun(checkpoint);
        GgufMetadata metadata = GgufConverter.convert(
                checkpoint, conversion, preTokenizer, Warnings.withoutDifferences(warnings)).metadata();
        return new SourceModel(folder, checkpoint, DecoderModel.of(checkpoint, conversion), metadata);
    }

    /** Its folder. */
    public FolderReference folder() {
        return folder;
    }

    /** Its name. */
    public String name() throws IOException {
        return folder.open().name();
    }

    /** The checkpoint itself, opened by the driver. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /** Its hyperparameters. */
    public DecoderModel decoder() {
        return decoder;
    }

    /** The bytes of its vocabulary's tokens, by their ids. */
    public List<byte[]> tokens() {
        return ((GgufValue.Texts) metadata.get("tokenizer.ggml.tokens").orElseThrow()).values();
    }

    /** What tells it apart from other models; a task reads it. */
    public String digest(JavaSparkContext spark) throws IOException {
        return SourceDigest.of(folder, spark);
    }

    /**
     * Refuses sequences that are longer than the model's.
     *
     * @param option that asked for them, for the message
     */
    public void requireLength(String option, int length) {
        if (length < 2 || length > decoder.longestSequence()) {
            throw new InvalidModelException(option + " " + length + ": the model takes sequences of 2 to "
                    + decoder.longestSequence() + " tokens (max_position_embeddings in config.json)");
        }
    }

    /**
     * How chats become a text for this model. A template that asks for the time is told when this is called.
     *
     * @throws InvalidModelException if the checkpoint has no chat template, or one that cannot be rendered
     * @throws IOException if a file cannot be read
     */
    public ChatTemplate chatTemplate(Consumer<String> warnings) throws IOException {
        ChatTemplate template = ChatTemplate.of(folder.open(), LocalDateTime.now());
        if (template.tellsTime()) {
            warnings.accept("the chat template may write today's date into conversations (strftime_now), so that another day"
                    + " gives other tokens; fix it by chat_template_kwargs in the records, if the template allows for it");
        }
        return template;
    }

    /**
     * Chats as sequences for this model, one after another.
     *
     * @param limit most sequences
     * @throws InvalidModelException if a record cannot be rendered, there are too few of them, or the tokenizer does not
     *     match
     * @throws IOException if a file cannot be read
     */
    public TokenSequences joinedChats(ChatRecords records, ChatTemplate template, int length, int limit) throws IOException {
        try (TextTokenizer tokenizer = TextTokenizers.ofModel(folder.open(), metadata)) {
            return new ChatPacker(template, tokenizer, decoder.vocabulary()).join(records, length, limit);
        }
    }

    /**
     * Chats as sequences for this model, each one by itself.
     *
     * @param longest most tokens of a sequence
     * @param limit most sequences
     * @throws InvalidModelException if a record cannot be rendered, there is nothing to score, or the tokenizer does not
     *     match
     * @throws IOException if a file cannot be read
     */
    public ScoredChats scoredChats(ChatRecords records, ChatTemplate template, int longest, int limit) throws IOException {
        try (TextTokenizer tokenizer = TextTokenizers.ofModel(folder.open(), metadata)) {
            return new ChatPacker(template, tokenizer, decoder.vocabulary()).oneEach(records, longest, limit);
        }
    }

    /**
     * Texts as sequences for this model.
     *
     * @param limit most sequences
     * @throws InvalidModelException if there is no usable text, too little of it, or the tokenizer does not match
     * @throws IOException if a file cannot be read
     */
    public TokenSequences sequences(Documents documents, Packing packing, int length, int limit) throws IOException {
        boolean own = packing == Packing.DOCUMENTS;
        try (TextTokenizer tokenizer = own
                ? TextTokenizers.ofModel(folder.open(), metadata)
                : TextTokenizers.ofLlamaCpp(folder.open(), metadata)) {
            SequencePacker packer = new SequencePacker(tokenizer, decoder.vocabulary(), length);
            return own ? packer.joinDocuments(documents, limit) : packer.chunksOfOneText(documents, limit);
        }
    }
}
