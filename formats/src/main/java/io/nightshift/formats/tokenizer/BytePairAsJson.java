package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** A byte-level BPE tokenizer that is no tokenizer.json, as one, for Hugging Face's library. */
final class BytePairAsJson {
    private BytePairAsJson() {}

    /**
     * The file's content, without added tokens.
     *
     * @param pattern the expression whose matches are cut out of a text before bytes are merged
     * @param vocabulary ids of tokens, in {@link ByteAlphabet}
     * @param merges pairs in the order in which they are merged
     * @param whole whether a piece that is a token is that token, whatever its merges would make of it
     */
    static ObjectNode of(String pattern, Map<String, Integer> vocabulary, List<String[]> merges, boolean whole) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("version", "1.0").putNull("normalizer").putNull("post_processor").putArray("added_tokens");
        ArrayNode steps = json.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split").put("behavior", "Isolated").put("invert", false);
        split.putObject("pattern").put("Regex", pattern);
        ObjectNode bytes = steps.addObject().put("type", "ByteLevel").put("use_regex", false);
        bytes.put("add_prefix_space", false).put("trim_offsets", false);
        json.putObject("decoder").setAll(bytes);
        ObjectNode model = json.putObject("model").put("type", "BPE").put("ignore_merges", whole);
        ObjectNode ids = model.putObject("vocab");
        vocabulary.forEach(ids::put);
        ArrayNode pairs = model.putArray("merges");
        merges.forEach(pair -> pairs.addArray().add(pair[0]).add(pair[1]));
        return json;
    }
}
