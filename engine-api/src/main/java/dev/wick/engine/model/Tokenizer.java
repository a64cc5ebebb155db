package dev.wick.engine.model;

/** Text to token ids and back. Thread-safe. */
public interface Tokenizer {
  /** Number of ids, added tokens included. */
  int vocabSize();

  /**
   * Token ids of a text; special tokens in the text are recognised, none are added beyond what the
   * model's pipeline adds.
   */
  int[] encode(String text);

  /** The text of a sequence of ids. */
  String decode(int[] ids, boolean skipSpecialTokens);

  /** Whether an id is a special (control) token. */
  boolean isSpecial(int id);

  /** A fresh incremental decoder. */
  StreamDecoder newStreamDecoder(boolean skipSpecialTokens);

  /** Decodes one id at a time and never emits half a character. One thread at a time. */
  interface StreamDecoder {
    /** The text that becomes certain with this id; empty while a character is incomplete. */
    String next(int id);

    /**
     * What is still held back, with incomplete sequences replaced by U+FFFD; resets the decoder.
     */
    String finish();
  }
}
