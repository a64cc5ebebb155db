package dev.wick.tokenizers;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The same tokenizer without its special tokens, built when it is first asked for. Thread-safe.
 *
 * <p>The library has a switch for this ({@code encode_special_tokens}), but DJL's binding does not
 * reach it. One difference remains: the switch skips a special token after matching it, so another
 * added token that overlaps it is not found there, and is found here.
 */
final class PlainTokenizer implements AutoCloseable {
  private final String name;
  private final AddedVocabulary added;
  private @Nullable TokenizerJson source;
  private @Nullable NativeTokenizer tokenizer;

  PlainTokenizer(
      String name, TokenizerJson source, AddedVocabulary added, NativeTokenizer complete) {
    this.name = name;
    this.added = added;
    this.source = source;
    this.tokenizer = added.hasSpecial() ? null : complete;
  }

  synchronized NativeTokenizer get() {
    @Nullable NativeTokenizer ready = tokenizer;
    if (ready != null) {
      return ready;
    }
    @Nullable TokenizerJson json = source;
    if (json == null) {
      throw new IllegalStateException("tokenizer: expected an open tokenizer, got a closed one");
    }
    try {
      ready = NativeTokenizer.parse(name, json.withAddedTokens(added.withoutSpecial()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    tokenizer = ready;
    source = null; // The text of a real file is 11 MB.
    return ready;
  }

  @Override
  public synchronized void close() {
    source = null;
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
