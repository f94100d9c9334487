package io.nightshift.jobs.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.chat.ChatTemplate;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.tokenizer.PlacedTokens;
import io.nightshift.formats.tokenizer.TextTokenizer;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatPackerTest {
    private static final String TEMPLATE = "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}.{% endfor %}"
            + "{% if add_generation_prompt %}a:{% endif %}";
    private static final String ONE = "{\"messages\": [{\"role\": \"user\", \"content\": \"Q\"}, {\"role\": \"assistant\", "
            + "\"content\": \"xyz\"}]}\n";
    private static final String TWO = "{\"messages\": [{\"role\": \"user\", \"content\": \"R\"}, {\"role\": \"assistant\", "
            + "\"content\": \"x\"}, {\"role\": \"user\", \"content\": \"S\"}, "
            + "{\"role\": \"assistant\", \"content\": \"yz\"}]}\n";
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    /** Two characters are a token, of an even index and the next one. */
    private record Pairs() implements TextTokenizer {
        @Override
        public int[] encode(String text) {
            return encodePlaced(text).ids();
        }

        @Override
        public PlacedTokens encodePlaced(String text) {
            int count = (text.length() + 1) / 2;
            return new PlacedTokens(IntStream.range(0, count).map(i -> text.charAt(2 * i)).toArray(),
                    IntStream.range(0, count).map(i -> 2 * i).toArray(),
                    IntStream.range(0, count).map(i -> Math.min(2 * i + 2, text.length())).toArray());
        }

        @Override
        public OptionalInt beginOfText() {
            return OptionalInt.of(7);
        }

        @Override
        public void close() {}
    }

    @Test
    void joinsConversationsWithoutABosOfItsOwn() throws IOException {
        // u:Q.a:xyz.u:R.a:x.u:S.a:yz. : every other character of each conversation.
        TokenSequences sequences = packer(TEMPLATE).join(records(ONE + TWO), 4, 10);
        assertEquals(4, sequences.length());
        assertArrayEquals("uQax".chars().toArray(), sequences.sequences().get(0));
        assertArrayEquals("zuRa".chars().toArray(), sequences.sequences().get(1));
        assertEquals(3, sequences.sequences().size());
        assertEquals(1, packer(TEMPLATE).join(records(ONE + TWO), 4, 1).sequences().size());
    }

    @Test
    void scoresTheAssistantsTokensOfEachConversation() throws IOException {
        ScoredChats chats = packer(TEMPLATE).oneEach(records(ONE + TWO), 100, 10);
        // u: Q. a: xy z. | u: R. a: x. u: S. a: yz .
        assertArrayEquals("uQaxzzzzz".chars().toArray(), chats.sequences().sequences().get(0));
        assertArrayEquals("uRaxuSay.".chars().toArray(), chats.sequences().sequences().get(1));
        assertArrayEquals(new int[] {2, 3}, chats.scored().get(0));
        assertArrayEquals(new int[] {2, 6, 7}, chats.scored().get(1));
        assertEquals(List.of(), chats.warnings());
    }

    @Test
    void cutsLongConversationsAndLeavesOutThoseWithoutAnythingToScore() throws IOException {
        String silent = "{\"messages\": [{\"role\": \"user\", \"content\": \"Q\"}]}\n";
        ScoredChats chats = packer(TEMPLATE).oneEach(records(silent + ONE + TWO), 6, 10);
        assertEquals(6, chats.sequences().length());
        assertArrayEquals("uRaxuS".chars().toArray(), chats.sequences().sequences().get(1));
        assertArrayEquals(new int[] {2}, chats.scored().get(1));
        assertEquals(1, chats.cut());
        assertEquals(1, chats.leftOut());
        assertEquals(2, chats.warnings().size());
        assertRefused("there is no turn of the assistant to score; 1 conversations", () ->
                packer(TEMPLATE).oneEach(records(silent), 6, 10));
    }

    @Test
    void tellsTextsApartThatTheTemplateTellsApart() throws IOException {
        Set<String> digests = new HashSet<>();
        digests.add(packer(TEMPLATE).join(records(ONE + TWO), 4, 10).dataDigest());
        digests.add(packer(TEMPLATE + " ").join(records(ONE + TWO), 4, 10).dataDigest());
        digests.add(packer(TEMPLATE).join(records(TWO + ONE), 4, 10).dataDigest());
        assertEquals(3, digests.size());
    }

    @Test
    void aShuffleDependsOnTheSeedAlone() throws IOException {
        ChatRecords one = ChatRecords.open(data(OptionalLong.of(5), ONE + "\n" + TWO), new HadoopSettings(Map.of()), spark);
        String digest = packer(TEMPLATE).join(one, 4, 10).dataDigest();
        ChatRecords other = ChatRecords.open(data(OptionalLong.of(5), TWO + ONE), new HadoopSettings(Map.of()), spark);
        assertEquals(digest, packer(TEMPLATE).join(other, 4, 10).dataDigest());
    }

    @Test
    void aBadRecordIsNamedByFileAndLine() throws IOException {
        String stranger = "{\"messages\": [{\"role\": \"x\", \"content\": 1}]}\n";
        assertRefused("chats.jsonl, line 3: message 1 has a number as content", () ->
                packer(TEMPLATE).join(records(ONE + "\n" + stranger), 1000, 10));
        ChatRecords shuffled = ChatRecords.open(data(OptionalLong.of(5), ONE + "\n" + stranger),
                new HadoopSettings(Map.of()), spark);
        assertRefused("chats.jsonl, line 3: message 1 has a number as content", () ->
                packer(TEMPLATE).join(shuffled, 1000, 10));
        String refusing = "{% for m in messages %}{% if m.role != 'user' %}{{ raise_exception('No ' ~ m.role) }}{% endif %}"
                + "{% endfor %}";
        assertRefused("chats.jsonl, line 1: the chat template says: No assistant (line 1 of the template)", () ->
                packer(refusing).join(records(ONE), 1000, 10));
        assertRefused("which are too few for a sequence of 1000", () -> packer(TEMPLATE).join(records(ONE), 1000, 10));
        assertRefused("there is no record in it", () -> packer(TEMPLATE).join(records("\n\n"), 1000, 10));
    }

    @Test
    void rowsOfParquetAreRecordsToo() throws IOException {
        String named = ONE.replace("\"role\": \"user\"", "\"role\": \"user\", \"name\": \"N\"");
        Path lines = Texts.write(folder.resolve("named/chats.jsonl"), named + TWO);
        SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate();
        session.read().json(lines.toString()).coalesce(1).write().parquet(folder.resolve("table").toString());
        TextData table = new TextData(List.of(folder.resolve("table").toString()), "messages", OptionalLong.empty(), true);
        String naming = "{% for m in messages %}{{ m.name }}:{{ m.content }}.{% endfor %}";
        // A message without a name has one that is None.
        TokenSequences sequences = packer(naming).join(
                ChatRecords.open(table, new HadoopSettings(Map.of()), spark), 4, 1);
        assertArrayEquals("NQNn".chars().toArray(), sequences.sequences().get(0));
        TextData other = new TextData(table.locations(), "turns", OptionalLong.empty(), true);
        assertRefused("there is no column 'turns' but [messages]; name the one with the messages with --text-column", () ->
                packer(naming).join(ChatRecords.open(other, new HadoopSettings(Map.of()), spark), 4, 1));
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path text = Texts.write(folder.resolve("a.txt"), "text");
        TextData data = new TextData(List.of(text.toString()), "messages", OptionalLong.empty(), true);
        assertRefused("a.txt: --chat takes JSON lines (.jsonl) or Parquet", () ->
                ChatRecords.open(data, new HadoopSettings(Map.of()), spark));
    }

    @Test
    void chatsWithoutTheOptionGetAHint() throws IOException {
        TextData data = new TextData(data(OptionalLong.empty(), ONE).locations(), "text", OptionalLong.empty());
        assertRefused("there is no column 'text' but [messages]; name the one with the text with --text-column, or say --chat",
                () -> Documents.open(data, new HadoopSettings(Map.of()), spark).read(text -> true));
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void assertRefused(String message, Attempt attempt) {
        InvalidModelException refused = assertThrows(InvalidModelException.class, attempt::run);
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    private ChatPacker packer(String template) throws IOException {
        Texts.write(folder.resolve("model/tokenizer_config.json"), "{}");
        Texts.write(folder.resolve("model/chat_template.jinja"), template);
        return new ChatPacker(ChatTemplate.of(new LocalFolder(folder.resolve("model")), LocalDateTime.now()), new Pairs(), 256);
    }

    private ChatRecords records(String lines) throws IOException {
        return ChatRecords.open(data(OptionalLong.empty(), lines), new HadoopSettings(Map.of()), spark);
    }

    private TextData data(OptionalLong shuffle, String lines) throws IOException {
        Path file = Texts.write(folder.resolve(Math.abs(lines.hashCode()) + "/chats.jsonl"), lines);
        return new TextData(List.of(file.toString()), "messages", shuffle, true);
    }
}
