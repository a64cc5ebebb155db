package dev.wick.tokenizers;

/**
 * A token that is matched in the text before the model sees it.
 *
 * @param content what is matched
 * @param special a control token, left out when decoding skips special tokens
 * @param singleWord matched only between word boundaries
 * @param lstrip takes the white space before it too
 * @param rstrip takes the white space after it too
 * @param normalized matched after the normaliser instead of before
 */
record AddedToken(
    String content,
    boolean special,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip,
    boolean normalized) {

  static AddedToken ofSpecial(String content) {
    return new AddedToken(content, true, false, false, false, false);
  }

  /** A token that only takes up an id. */
  static AddedToken ofPlaceholder(String content) {
    return new AddedToken(content, false, false, false, false, false);
  }

  AddedToken asSpecial() {
    return special ? this : new AddedToken(content, true, singleWord, lstrip, rstrip, normalized);
  }
}
