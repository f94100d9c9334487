package io.nightshift.formats.tokenizer;

/**
 * The characters that stand for bytes in byte-level BPE: printable ones of Latin-1 for themselves, the other bytes for
 * characters from U+0100 on, in their order (vocab.py, bytes_to_unicode).
 */
final class ByteAlphabet {
    private static final char[] CHARACTERS = characters();

    private ByteAlphabet() {}

    private static char[] characters() {
        char[] characters = new char[256];
        char next = 0x100;
        for (char b = 0; b < characters.length; b++) {
            boolean itself = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
            characters[b] = itself ? b : next++;
        }
        return characters;
    }

    /** The characters for some bytes, which are given as Latin-1. */
    static String of(String bytes) {
        char[] text = bytes.toCharArray();
        for (int i = 0; i < text.length; i++) {
            text[i] = CHARACTERS[text[i]];
        }
        return new String(text);
    }
}
