package io.nightshift.formats.tokenizer;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.nightshift.formats.InvalidModelException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The pieces of a SentencePiece model file (sentencepiece_model.proto, ModelProto.pieces). */
record SentencePieceModel(List<Piece> pieces) {
    /**
     * A piece.
     *
     * @param text its bytes
     * @param score its logarithmic probability or merge rank
     * @param type NORMAL 1, UNKNOWN 2, CONTROL 3, USER_DEFINED 4, UNUSED 5, BYTE 6
     */
    record Piece(byte[] text, float score, int type) {}

    private static final int PIECES = 1;
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
        List<Piece> pieces = new ArrayList<>();
        try {
            CodedInputStream in = CodedInputStream.newInstance(content);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (WireFormat.getTagFieldNumber(tag) == PIECES
                        && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                    int limit = in.pushLimit(in.readRawVarint32());
                    pieces.add(piece(in));
                    in.popLimit(limit);
                } else {
                    in.skipField(tag);
                }
            }
        } catch (IOException e) {
            throw new InvalidModelException(file + " is not a SentencePiece model: " + e.getMessage(), e);
        }
        if (pieces.isEmpty()) {
            throw new InvalidModelException(file + " is not a SentencePiece model: it has no pieces");
        }
        return new SentencePieceModel(pieces);
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
