package dev.wick.tokenizers.chat;

import java.util.Objects;

/** Token ids of a prompt, and which of them an assistant wrote. Immutable. */
public final class EncodedChat {
  private final int[] ids;
  private final boolean[] assistant;

  EncodedChat(int[] ids, boolean[] assistant) {
    this.ids = ids;
    this.assistant = assistant;
  }

  /** Number of tokens. */
  public int size() {
    return ids.length;
  }

  /** A copy of the token ids. */
  public int[] ids() {
    return ids.clone();
  }

  /**
   * Whether a token stands inside a {@code generation} block of the template: training learns these
   * and only these.
   *
   * @throws IndexOutOfBoundsException if there is no such token
   */
  public boolean isAssistant(int index) {
    return assistant[Objects.checkIndex(index, ids.length)];
  }

  /** A copy of {@link #isAssistant} of all tokens. */
  public boolean[] assistantMask() {
    return assistant.clone();
  }
}
