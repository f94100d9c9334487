package io.nightshift.formats.tokenizer;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.FileSignature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A SentencePiece model file (sentencepiece_model.proto, ModelProto).
 *
 * @param pieces its pieces, by their numbers
 * @param trainer what the trainer was told, as far as it matters
 * @param normalizer what is done to texts before they are cut
 */
record SentencePieceModel(List<Piece> pieces, Trainer trainer, NormalizerSettings normalizer) {
    /**
     * Settings of the trainer (TrainerSpec).
     *
     * @param unigram whether pieces are chosen by likelihood, and not merged
     * @param byteFallback whether what is no piece is written as bytes
     * @param unknown the piece for what is unknown
     */
    record Trainer(boolean unigram, boolean byteFallback, String unknown) {}

    /**
     * Settings of the normalizer (NormalizerSpec).
     *
     * @param charsmap rules for characters, empty for none
     * @param prefix whether a space is put before texts
     * @param collapses whether spaces at the ends are removed, and several become one
     * @param escapes whether spaces become U+2581
     */
    record NormalizerSettings(byte[] charsmap, boolean prefix, boolean collapses, boolean escapes) {}

    /**
     * A piece.
     *
     * @param text its bytes
     * @param score its logarithmic probability or merge rank
     * @param type NORMAL 1, UNKNOWN 2, CONTROL 3, USER_DEFINED 4, UNUSED 5, BYTE 6
     */
    record Piece(byte[] text, float score, int type) {}

    private static final Pattern TIKTOKEN_LINE = Pattern.compile("[A-Za-z0-9+/]+={0,2} \\d+");

    private static final int PIECES = 1;
    private static final int TRAINER = 2;
    private static final int NORMALIZER = 3;
    private static final int PIECE_TEXT = 1;
    private static final int PIECE_SCORE = 2;
    private static final int PIECE_TYPE = 3;

    /**
     * Reads a model.
     *
     * @param file its name, for messages
     * @throws InvalidModelException if it is no SentencePiece model
     */
    static SentencePieceModel parse(byte[] content, String file) {
        Optional<String> other = FileSignature.of(content);
        if (other.isPresent()) {
            throw new InvalidModelException(file + " is not a SentencePiece model, but " + other.get());
        }
        if (isTiktoken(content)) {
            throw new InvalidModelException(file + " is not a SentencePiece model, but in tiktoken's format (a token and"
                    + " its rank a line), as Meta publishes Llama 3: remove it, so that the folder's tokenizer.json is"
                    + " used");
        }
        List<Piece> pieces = new ArrayList<>();
        Trainer trainer = new Trainer(true, false, "<unk>");
        NormalizerSettings normalizer = new NormalizerSettings(new byte[0], true, true, true);
        try {
            CodedInputStream in = CodedInputStream.newInstance(content);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int field = WireFormat.getTagFieldNumber(tag);
                boolean message = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
                if (!message || field > NORMALIZER) {
                    in.skipField(tag);
                    continue;
                }
                int limit = in.pushLimit(in.readRawVarint32());
                switch (field) {
                    case PIECES -> pieces.add(piece(in));
                    case TRAINER -> trainer = trainer(in, trainer);
                    default -> normalizer = normalizer(in, normalizer);
                }
                in.popLimit(limit);
            }
        } catch (IOException e) {
            throw new InvalidModelException(file + " is not a SentencePiece model: " + e.getMessage(), e);
        }
        if (pieces.isEmpty()) {
            throw new InvalidModelException(file + " is not a SentencePiece model: it has no pieces");
        }
        return new SentencePieceModel(pieces, trainer, normalizer);
    }

    private static Trainer trainer(CodedInputStream in, Trainer usual) throws IOException {
        boolean unigram = usual.unigram();
        boolean byteFallback = usual.byteFallback();
        String unknown = usual.unknown();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 3 -> unigram = in.readEnum() == 1;
                case 35 -> byteFallback = in.readBool();
                case 45 -> unknown = in.readString();
                default -> in.skipField(tag);
            }
        }
        return new Trainer(unigram, byteFallback, unknown);
    }

    private static NormalizerSettings normalizer(CodedInputStream in, NormalizerSettings usual) throws IOException {
        byte[] charsmap = usual.charsmap();
        boolean prefix = usual.prefix();
        boolean collapses = usual.collapses();
        boolean escapes = usual.escapes();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 -> charsmap = in.readByteArray();
                case 3 -> prefix = in.readBool();
                case 4 -> collapses = in.readBool();
                case 5 -> escapes = in.readBool();
                default -> in.skipField(tag);
            }
        }
        return new NormalizerSettings(charsmap, prefix, collapses, escapes);
    }

    /** Whether the first line is a token in Base64 and a number. */
    private static boolean isTiktoken(byte[] content) {
        String start = new String(content, 0, Math.min(content.length, 256), StandardCharsets.ISO_8859_1);
        return start.lines().findFirst().map(line -> TIKTOKEN_LINE.matcher(line).matches()).orElse(false);
    }

    private static Piece piece(CodedInputStream in) throws IOException {
        byte[] text = {};
        float score = 0;
        int type = TokenType.NORMAL;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case PIECE_TEXT -> text = in.readByteArray();
                case PIECE_SCORE -> score = in.readFloat();
                case PIECE_TYPE -> type = in.readEnum();
                default -> in.skipField(tag);
            }
        }
        return new Piece(text, score, type);
    }
}
