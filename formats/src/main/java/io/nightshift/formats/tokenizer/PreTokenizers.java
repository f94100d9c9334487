package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * The names that llama.cpp has for the rules by which BPE tokenizers cut text before they merge: {@code
 * tokenizer.ggml.pre}. A tokenizer is recognized by the ids of a check text, or by its rule if they are not known.
 */
final class PreTokenizers {
    /** The converter's check text (base.py, get_vocab_base_pre). */
    private static final String CHECK_TEXT =
            "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n\ud83d\ude80 (normal) \ud83d\ude36\u200d"
                    + "\ud83c\udf2b\ufe0f (multiple emojis concatenated) \u2705 \ud83e\udd99\ud83e\udd99 3 33 333 3333 "
                    + "33333 333333 3333333 33333333 3.3 3..3 3...3 \u1780\u17b6\u1793\u17cb\u178f\u17c2\u1796\u17b7"
                    + "\u179f\u17c1\u179f\u17a2\u17b6\u1785\ud83d\ude01 ?\u6211\u60f3\u5728apple\u5de5\u4f5c1314151"
                    + "\u5929\uff5e ------======= \u043d\u0435\u0449\u043e \u043d\u0430 \u0411\u044a\u043b\u0433\u0430"
                    + "\u0440\u0441\u043a\u0438 ''''''```````\"\"\"\"......!!!!!!?????? I've been 'told he's there, 'RE"
                    + " you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL";

    /** The names that llama.cpp loads (llama-vocab.cpp, llama_vocab::impl::load). */
    private static final TreeSet<String> KNOWN = new TreeSet<>(Arrays.asList(
            "a.x-4.0", "afmoe", "bailingmoe", "bailingmoe2", "bloom", "chameleon", "chatglm-bpe", "codeshell",
            "cohere2moe", "command-r", "dbrx", "deepseek-coder", "deepseek-llm", "deepseek-r1-qwen", "deepseek-v3",
            "default", "exaone", "exaone-moe", "exaone4", "f2llmv2", "falcon", "falcon-h1", "falcon3", "gemma4",
            "gigachat", "glm4", "gpt-2", "gpt-4o", "gpt3-finnish", "granite-docling", "granite-embed-multi-311m",
            "granite-embed-multi-97m", "grok-2", "hunyuan", "hunyuan-dense", "hy_v4", "jais", "jais-2", "jina-de",
            "jina-es", "jina-v1-en", "jina-v2-code", "jina-v2-de", "jina-v2-es", "jina-v5-nano", "joyai-llm",
            "kanana2", "kimi-k2", "kormo", "laguna", "lfm2", "llada-moe", "llama-bpe", "llama-v3", "llama3",
            "llama4", "megrez", "mellum", "mellum2", "midm-2.0", "minerva-7b", "minicpm5", "minimax-m2",
            "modern-bert", "mpt", "olmo", "phi-2", "pixtral", "poro-chat", "qwen2", "qwen35", "refact",
            "roberta-bpe", "sarvam-moe", "seed-coder", "smaug-bpe", "smollm", "solar-open", "spark2_5",
            "stablelm2", "starcoder", "superbpe", "talkie", "tekken", "tiny_aya", "trillion", "ufakzeka", "viking",
            "whitespace", "youtu"));

    private PreTokenizers() {}

    /**
     * Checks a name that the user gave.
     *
     * @throws InvalidModelException if llama.cpp would not load it
     */
    static void requireKnown(String name) {
        if (!KNOWN.contains(name)) {
            throw new InvalidModelException("--pre-tokenizer " + name + ": llama.cpp has no such pre-tokenizer; it has "
                    + String.join(", ", KNOWN));
        }
    }

    /**
     * The name of a tokenizer's rule.
     *
     * @throws InvalidModelException if neither the check text nor the rule is known
     */
    static String recognize(TokenizerFiles files, RustTokenizer tokenizer, Consumer<String> warnings) {
        String hash = hash(tokenizer);
        String name = hashes().getProperty(hash);
        if (name != null) {
            return name;
        }
        String file = files.path(BytePairTokenizer.FILE);
        Optional<String> byRule = PreTokenizerRules.name(files.tokenizerJson());
        if (byRule.isPresent()) {
            warnings.accept(file + ": llama.cpp does not know this tokenizer (hash " + hash
                    + "); its rule for cutting text is that of " + byRule.get()
                    + ", which is taken (--pre-tokenizer NAME overrides)");
            return byRule.get();
        }
        throw new InvalidModelException(file + ": neither the tokenizer (hash " + hash
                + ") nor its rule for cutting text is known to llama.cpp; if you know which of its pre-tokenizers fits,"
                + " give it with --pre-tokenizer NAME (--pre-tokenizer ? lists them)");
    }

    private static Properties hashes() {
        try (InputStream in = PreTokenizers.class.getResourceAsStream("pre-tokenizers.properties")) {
            Properties hashes = new Properties();
            hashes.load(in);
            return hashes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SHA-256 of the ids of the check text, written as Python writes a list. */
    static String hash(RustTokenizer tokenizer) {
        return new Sha256().add(Arrays.toString(tokenizer.encode(CHECK_TEXT))).hexadecimal();
    }
}
