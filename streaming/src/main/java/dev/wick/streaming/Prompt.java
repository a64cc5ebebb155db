package dev.wick.streaming;

import java.util.Arrays;
import java.util.Objects;

/** What a model continues: a text, which may be a rendered chat, or token ids. Immutable. */
public sealed interface Prompt {
  /** A text prompt. */
  static Prompt of(String text) {
    return new Text(text);
  }

  /** A prompt of token ids. */
  static Prompt of(int... tokenIds) {
    return new Tokens(tokenIds);
  }

  /**
   * A text, to be encoded by the tokenizer of the generator; special tokens in it are recognised.
   *
   * @param text the text
   */
  record Text(String text) implements Prompt {
    /** Checks that there is a text. */
    public Text {
      Objects.requireNonNull(text, "text");
    }
  }

  /** Token ids, used as they are. */
  final class Tokens implements Prompt {
    private final int[] ids;

    private Tokens(int[] ids) {
      this.ids = ids.clone();
    }

    /** The ids, as a copy. */
    public int[] ids() {
      return ids.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
      return "Tokens" + Arrays.toString(ids);
    }
  }
}
