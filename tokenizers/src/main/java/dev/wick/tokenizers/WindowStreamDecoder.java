package dev.wick.tokenizers;

import dev.wick.engine.model.Tokenizer.StreamDecoder;
import java.util.Arrays;

/**
 * Detokenises any vocabulary by decoding a short window of ids twice, with and without the new one;
 * what the new id appends is certain once it does not end in an incomplete character. The window
 * begins a little before the text that is out already, so that rules about the beginning of a text
 * (a dropped prefix space) do not apply again.
 */
final class WindowStreamDecoder implements StreamDecoder {
  /** More ids than any character is spelled with: what is incomplete now will stay so. */
  private static final int MAX_WINDOW = 64;

  private final HuggingFaceTokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private int[] window = new int[16];
  private int length;
  private int emitted;

  WindowStreamDecoder(HuggingFaceTokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  @Override
  public String next(int id) {
    if (length == window.length) {
      window = Arrays.copyOf(window, 2 * length);
    }
    window[length++] = id;
    String fresh = fresh();
    if (length < MAX_WINDOW && (fresh.isEmpty() || fresh.endsWith("\uFFFD"))) {
      return "";
    }
    System.arraycopy(window, emitted, window, 0, length - emitted);
    length -= emitted;
    emitted = length;
    return fresh;
  }

  @Override
  public String finish() {
    String fresh = fresh();
    length = 0;
    emitted = 0;
    return fresh;
  }

  private String fresh() {
    String before = tokenizer.decode(Arrays.copyOf(window, emitted), skipSpecialTokens);
    String now = tokenizer.decode(Arrays.copyOf(window, length), skipSpecialTokens);
    return now.length() > before.length() ? now.substring(before.length()) : "";
  }
}
