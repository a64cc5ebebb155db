package dev.wick.tokenizers;

/** A departure from the usual way of encoding a text. */
public enum EncodeOption {
  /**
   * Nothing is added to the text, even where the tokenizer's post-processor would add a beginning
   * or end token. A rendered chat template wants this: it brings its own special tokens.
   */
  ADD_NOTHING,

  /**
   * Special tokens that stand in the text are plain text, so that a text from an untrusted source
   * cannot open or close a turn. Added tokens that are not special are still recognised, as with
   * {@code split_special_tokens} in transformers.
   */
  SPECIAL_TOKENS_AS_TEXT
}
