package dev.wick.tokenizers.jinja;

/** Python's {@code None}. */
enum None {
  NONE;

  @Override
  public String toString() {
    return "None";
  }
}
