package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;

/** The files of a checkpoint that make up its tokenizer, read once. A JSON file that is not there is a missing node. */
final class TokenizerFiles {
    private final ModelFolder folder;
    private final Set<String> names;
    private final byte[] sentencePiece;
    private final JsonNode tokenizerJson;
    private final JsonNode tokenizerConfig;
    private final JsonNode addedTokens;
    private final JsonNode specialTokensMap;
    private final JsonNode config;

    TokenizerFiles(ModelFolder folder) throws IOException {
        this.folder = folder;
        names = folder.list().stream().map(file -> file.name()).collect(Collectors.toSet());
        sentencePiece = has(SentencePieceVocabulary.FILE) ? folder.read(SentencePieceVocabulary.FILE) : null;
        tokenizerJson = json("tokenizer.json");
        tokenizerConfig = json("tokenizer_config.json");
        addedTokens = json("added_tokens.json");
        specialTokensMap = json("special_tokens_map.json");
        config = json("config.json");
    }

    private TokenizerFiles(TokenizerFiles files, JsonNode tokenizerJson) {
        folder = files.folder;
        names = files.names;
        sentencePiece = files.sentencePiece;
        this.tokenizerJson = tokenizerJson;
        tokenizerConfig = files.tokenizerConfig;
        addedTokens = files.addedTokens;
        specialTokensMap = files.specialTokensMap;
        config = files.config;
    }

    /** The same files with another content of tokenizer.json. */
    TokenizerFiles with(JsonNode otherTokenizerJson) {
        return new TokenizerFiles(this, otherTokenizerJson);
    }

    private JsonNode json(String name) throws IOException {
        return has(name) ? JsonFile.read(folder, name).orElseThrow() : MissingNode.getInstance();
    }

    boolean has(String name) {
        return names.contains(name);
    }

    /** A file's full name, for messages. */
    String path(String name) {
        return folder.location() + "/" + name;
    }

    /** Where the folder is, for messages. */
    String location() {
        return folder.location();
    }

    ModelFolder folder() {
        return folder;
    }

    boolean hasSentencePiece() {
        return sentencePiece != null;
    }

    /** The content of {@code tokenizer.model}; null if there is none. */
    byte[] sentencePiece() {
        return sentencePiece;
    }

    JsonNode tokenizerJson() {
        return tokenizerJson;
    }

    /** Whether tokenizer.json cuts texts into bytes before it merges. */
    boolean isByteLevel() {
        JsonNode preTokenizer = tokenizerJson.path("pre_tokenizer");
        boolean byteLevel = preTokenizer.path("type").asText().equals("ByteLevel");
        for (JsonNode part : preTokenizer.path("pretokenizers")) {
            byteLevel |= part.path("type").asText().equals("ByteLevel");
        }
        return byteLevel;
    }

    JsonNode tokenizerConfig() {
        return tokenizerConfig;
    }

    JsonNode addedTokens() {
        return addedTokens;
    }

    JsonNode specialTokensMap() {
        return specialTokensMap;
    }

    JsonNode config() {
        return config;
    }

    /** The content of {@code tekken.json}, which is large and mostly not needed: it is read here. */
    JsonNode tekken() throws IOException {
        return json(Tekken.FILE);
    }

    JsonNode generationConfig() throws IOException {
        return json("generation_config.json");
    }
}
