package io.nightshift.jobs.text;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.ChatTemplate;
import io.nightshift.formats.chat.Conversation;
import io.nightshift.formats.chat.RenderedChat;
import io.nightshift.formats.jinja.Rendered;
import io.nightshift.formats.tokenizer.PlacedTokens;
import io.nightshift.formats.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Turns chats into token sequences, as {@code apply_chat_template(tokenize=True)} of transformers does: special tokens are
 * those that the template writes, none is added.
 */
public final class ChatPacker {
    private final ChatTemplate template;
    private final TextTokenizer tokenizer;
    private final int vocabulary;
    private final TextDigest digest = new TextDigest().add("chat");
    private long tokens;

    /**
     * A packer for one use.
     *
     * @param tokenizer the model's
     * @param vocabulary number of token ids that the model knows
     */
    public ChatPacker(ChatTemplate template, TextTokenizer tokenizer, int vocabulary) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
    }

    /**
     * Joins conversations as documents are joined, and cuts. What is left of the last one is dropped.
     *
     * @param length tokens of a sequence
     * @param most sequences
     * @throws InvalidModelException if a record cannot be rendered, or all of them do not give a sequence
     */
    public TokenSequences join(ChatRecords records, int length, int most) throws IOException {
        SequenceJoiner joiner = new SequenceJoiner(length, most);
        records.read((record, where) -> {
            RenderedChat rendered = render(Conversation.parse(record, records.field(), where), where);
            return joiner.add(encode(rendered).ids());
        });
        if (joiner.sequences().isEmpty()) {
            throw new InvalidModelException("the chats give " + tokens + " tokens, which are too few for a sequence of "
                    + length + "; give more of them, or shorter sequences");
        }
        return new TokenSequences(joiner.sequences(), length, digest.hexadecimal());
    }

    /**
     * Puts each conversation into a sequence of its own. Longer ones are cut; after shorter ones their last token is
     * repeated, which no prediction before it sees. Conversations of which nothing would be scored are left out.
     *
     * @param longest most tokens of a sequence; where all conversations are shorter, it is their longest one's
     * @param most conversations
     * @throws InvalidModelException if a record cannot be rendered, or there is nothing to score at all
     */
    public ScoredChats oneEach(ChatRecords records, int longest, int most) throws IOException {
        List<int[]> conversations = new ArrayList<>();
        List<int[]> scored = new ArrayList<>();
        Counts counts = new Counts();
        records.read((record, where) -> {
            RenderedChat rendered = render(Conversation.parse(record, records.field(), where), where);
            PlacedTokens placed = encode(rendered);
            int[] ids = Arrays.copyOf(placed.ids(), Math.min(longest, placed.ids().length));
            int[] predictions = predictions(placed, rendered.assistant(), ids.length);
            counts.unplaced += rendered.unplaced();
            if (predictions.length == 0) {
                counts.leftOut++;
                return true;
            }
            counts.cut += ids.length < placed.ids().length ? 1 : 0;
            conversations.add(ids);
            scored.add(predictions);
            return conversations.size() < most;
        });
        if (conversations.isEmpty()) {
            throw new InvalidModelException(records.locations() + ": there is no turn of the assistant to score"
                    + (counts.unplaced > 0 ? ": the chat template writes its prompt for a turn otherwise than the turn"
                            + " itself, in each of " + counts.unplaced + " turns" : "")
                    + "; " + counts.leftOut + " conversations were looked at");
        }
        int length = conversations.stream().mapToInt(ids -> ids.length).max().orElseThrow();
        List<int[]> padded = conversations.stream().map(ids -> padded(ids, length)).toList();
        return new ScoredChats(new TokenSequences(padded, length, digest.hexadecimal()), scored, counts.unplaced, counts.cut,
                counts.leftOut);
    }

    /** What is not scored. */
    private static final class Counts {
        private int unplaced;
        private int cut;
        private int leftOut;
    }

    private static int[] padded(int[] ids, int length) {
        int[] padded = Arrays.copyOf(ids, length);
        Arrays.fill(padded, ids.length, length, ids[ids.length - 1]);
        return padded;
    }

    /** The tokens that predict one of the assistant's: the one before each that shares a char with what it says. */
    private static int[] predictions(PlacedTokens placed, List<Rendered.Span> assistant, int length) {
        return IntStream.range(1, length).filter(i -> assistant.stream()
                        .anyMatch(span -> placed.from()[i] < span.to() && placed.to()[i] > span.from()))
                .map(i -> i - 1)
                .toArray();
    }

    private RenderedChat render(Conversation conversation, String where) {
        RenderedChat rendered = template.render(conversation, where);
        digest.add(rendered.text());
        return rendered;
    }

    private PlacedTokens encode(RenderedChat rendered) {
        PlacedTokens placed = tokenizer.encodePlaced(rendered.text());
        SequencePacker.requireKnown(placed.ids(), vocabulary);
        tokens += placed.ids().length;
        return placed;
    }
}
