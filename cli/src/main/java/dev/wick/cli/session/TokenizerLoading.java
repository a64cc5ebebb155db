package dev.wick.cli.session;

import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** A tokenizer that is being loaded on a thread of its own. */
final class TokenizerLoading implements AutoCloseable {
  private final FutureTask<HuggingFaceTokenizer> task;
  private final Thread thread;

  TokenizerLoading(Path folder) {
    task = new FutureTask<>(() -> HuggingFaceTokenizer.load(folder));
    thread = Thread.ofPlatform().daemon().name("wick-tokenizer").start(task);
  }

  /** Whether {@link #await} would have to wait. */
  boolean isLoading() {
    return !task.isDone();
  }

  /** The tokenizer, once it is there. */
  HuggingFaceTokenizer await() throws IOException {
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("tokenizer: interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw cause;
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** Closes the tokenizer, once it is there. */
  @Override
  public void close() {
    boolean interrupted = false;
    while (!task.isDone()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    // One that could not be loaded needs no closing; who asked for it was told.
    if (task.state() == Future.State.SUCCESS) {
      task.resultNow().close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
