package dev.wick.tokenizers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Builds the native tokenizer on a thread of its own while the vocabulary is still being read here;
 * each takes about half of the time that a real file needs.
 */
final class NativeBuild {
  private final String name;
  private final TokenizerConfig config;
  private @Nullable CompletableFuture<NativeTokenizer> result;

  NativeBuild(String name, TokenizerConfig config) {
    this.name = name;
    this.config = config;
  }

  /** Starts with a file whose pipeline has passed the checks. */
  void start(TokenizerJson source) {
    List<AddedToken> added = source.addedTokens();
    List<AddedToken> merged = AddedVocabulary.merge(added, config);
    result =
        CompletableFuture.supplyAsync(
            () -> build(merged.equals(added) ? source.text() : source.withAddedTokens(merged)),
            task -> Thread.ofPlatform().daemon().name("wick-tokenizer-load").start(task));
  }

  private NativeTokenizer build(String json) {
    try {
      return NativeTokenizer.parse(name, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits for the tokenizer.
   *
   * @throws IOException if the native library refuses the file
   */
  NativeTokenizer finish() throws IOException {
    @Nullable CompletableFuture<NativeTokenizer> started = result;
    if (started == null) {
      throw new IllegalStateException("tokenizer: expected a build in progress, got none");
    }
    try {
      return started.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case UncheckedIOException io -> throw io.getCause();
        case TokenizerException failure -> throw failure;
        case null, default -> throw e;
      }
    }
  }

  /** Frees the tokenizer, if there is or will be one. */
  void abandon() {
    @Nullable CompletableFuture<NativeTokenizer> started = result;
    if (started != null) {
      var _ = started.thenAccept(NativeTokenizer::close);
    }
  }
}
