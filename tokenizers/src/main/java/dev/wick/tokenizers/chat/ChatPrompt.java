package dev.wick.tokenizers.chat;

import dev.wick.tokenizers.EncodeOption;
import dev.wick.tokenizers.Encoding;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.jinja.Rendered;
import java.util.Arrays;
import java.util.List;

/**
 * A rendered conversation.
 *
 * @param text the whole prompt, special tokens included
 * @param assistantSpans what the template's {@code generation} blocks produced; empty for a
 *     template without them
 */
public record ChatPrompt(String text, List<Rendered.Span> assistantSpans) {
  /** Copies the spans. */
  public ChatPrompt {
    assistantSpans = List.copyOf(assistantSpans);
  }

  /**
   * The token ids of the prompt. Nothing is added: the template wrote every special token itself.
   */
  public int[] encode(HuggingFaceTokenizer tokenizer) {
    return tokenizer.encode(text, EncodeOption.ADD_NOTHING);
  }

  /**
   * The token ids of the prompt, and which of them an assistant wrote: {@code
   * return_assistant_tokens_mask} in transformers. As there, a character that several tokens spell
   * belongs to the first of them.
   */
  public EncodedChat encodeWithMask(HuggingFaceTokenizer tokenizer) {
    Encoding encoding = tokenizer.encodeWithOffsets(text, EncodeOption.ADD_NOTHING);
    int[] tokenAt = tokenOfCodePoint(encoding);
    boolean[] mask = new boolean[encoding.size()];
    for (Rendered.Span span : assistantSpans) {
      int start = span.start();
      int end = span.end();
      while (start < end && tokenAt[start] < 0) {
        start++;
      }
      while (start < end && tokenAt[end - 1] < 0) {
        end--;
      }
      if (start < end) {
        Arrays.fill(mask, tokenAt[start], tokenAt[end - 1] + 1, true);
      }
    }
    return new EncodedChat(encoding.ids(), mask);
  }

  /** For each code point the first token that stands for it, or -1. */
  private int[] tokenOfCodePoint(Encoding encoding) {
    int[] tokenAt = new int[text.codePointCount(0, text.length())];
    Arrays.fill(tokenAt, -1);
    for (int token = encoding.size() - 1; token >= 0; token--) {
      Arrays.fill(tokenAt, encoding.start(token), encoding.end(token), token);
    }
    return tokenAt;
  }
}
