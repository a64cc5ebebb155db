package dev.wick.tokenizers;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One tokenizer of the native library, through the JNI binding of DJL. Thread-safe; closing waits
 * for calls in progress, and one that is forgotten is freed when it becomes unreachable.
 */
final class NativeTokenizer implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final TokenizersLibrary LIB = TokenizersLibrary.LIB;

  private final long handle;
  private final Cleaner.Cleanable cleanable;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private NativeTokenizer(long handle) {
    this.handle = handle;
    this.cleanable = CLEANER.register(this, new Free(handle));
  }

  private record Free(long handle) implements Runnable {
    @Override
    public void run() {
      LIB.deleteTokenizer(handle);
    }
  }

  /**
   * Builds a tokenizer.
   *
   * @param name the file, for messages
   * @throws IOException if the native library refuses the file
   */
  static NativeTokenizer parse(String name, String json) throws IOException {
    NativeLibrary.ensureLoaded();
    long handle;
    try {
      handle = LIB.createTokenizerFromString(json);
    } catch (RuntimeException e) { // The binding throws this very class for every refusal.
      throw new IOException(name + ": not a usable tokenizer: " + e.getMessage(), e);
    }
    NativeTokenizer tokenizer = new NativeTokenizer(handle);
    // Length is the caller's business, as in transformers, whatever the file says.
    LIB.disableTruncation(handle);
    LIB.disablePadding(handle);
    return tokenizer;
  }

  /** Token ids of a text. */
  int[] encode(String text, boolean addSpecialTokens) {
    return withEncoding(text, addSpecialTokens, encoding -> narrow(LIB.getTokenIds(encoding)));
  }

  /** Token ids of a text with the code points they stand for. */
  Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    return withEncoding(
        text,
        addSpecialTokens,
        encoding -> {
          int[] ids = narrow(LIB.getTokenIds(encoding));
          @Nullable CharSpan[] spans = LIB.getTokenCharSpans(encoding);
          int[] starts = new int[ids.length];
          int[] ends = new int[ids.length];
          for (int i = 0; i < ids.length; i++) {
            CharSpan span = spans[i];
            if (span != null) { // null: added by the pipeline
              starts[i] = span.getStart();
              ends[i] = span.getEnd();
            }
          }
          return new Encoding(ids, starts, ends);
        });
  }

  /** The text of ids by the file's own decoder. */
  String decode(long[] ids, boolean skipSpecialTokens) {
    lock.readLock().lock();
    try {
      checkOpen();
      return LIB.decode(handle, ids, skipSpecialTokens);
    } finally {
      lock.readLock().unlock();
      Reference.reachabilityFence(this);
    }
  }

  private <T> T withEncoding(String text, boolean addSpecialTokens, LongFunction<T> read) {
    String safe = NativeText.of(text);
    lock.readLock().lock();
    try {
      checkOpen();
      long encoding;
      try {
        encoding = LIB.encode(handle, safe, addSpecialTokens);
      } catch (RuntimeException e) { // As above.
        throw new TokenizerException(
            "encode: the tokenizer refused the text: " + e.getMessage(), e);
      }
      try {
        return read.apply(encoding);
      } finally {
        LIB.deleteEncoding(encoding);
      }
    } finally {
      lock.readLock().unlock();
      Reference.reachabilityFence(this);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("tokenizer: expected an open tokenizer, got a closed one");
    }
  }

  private static int[] narrow(long[] ids) {
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = (int) ids[i];
    }
    return narrow;
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        cleanable.clean();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
