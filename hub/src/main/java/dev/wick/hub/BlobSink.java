package dev.wick.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a body to a file as it comes. Whatever arrived before a connection broke is in the file,
 * which a stream that is read by another thread does not promise.
 */
final class BlobSink implements BodySubscriber<byte[]> {

  /** A body that is longer than the file it is said to be. */
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLongException(long expected) {
      super("more than the expected " + expected + " bytes came");
    }
  }

  private final FileChannel file;
  private final Optional<MessageDigest> digest;
  private final long expected;
  private final Activity activity;
  private final LongConsumer received;
  private final CompletableFuture<byte[]> end = new CompletableFuture<>();

  private @Nullable Subscription subscription;
  private @Nullable IOException failure;
  private boolean closed;

  /**
   * A sink that appends at the file's position.
   *
   * @param expected size of the whole file, or -1
   * @param received told the number of bytes after each write
   */
  BlobSink(
      FileChannel file,
      Optional<MessageDigest> digest,
      long expected,
      Activity activity,
      LongConsumer received) {
    this.file = file;
    this.digest = digest;
    this.expected = expected;
    this.activity = activity;
    this.received = received;
  }

  /** This sink, for a body that is the whole file: what was there is dropped. */
  synchronized BlobSink fromTheBeginning() {
    digest.ifPresent(MessageDigest::reset);
    try {
      file.truncate(0);
    } catch (IOException e) {
      fail(e);
    }
    return this;
  }

  /** This sink, for a body of which nothing is wanted. */
  synchronized BlobSink refused() {
    close();
    end.complete(new byte[0]);
    return this;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return end;
  }

  @Override
  public synchronized void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    if (closed) {
      subscription.cancel();
    } else {
      subscription.request(1);
    }
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> buffers) {
    if (closed) {
      return;
    }
    activity.touch();
    try {
      for (ByteBuffer buffer : buffers) {
        write(buffer);
      }
    } catch (IOException e) {
      fail(e);
      return;
    }
    if (subscription != null) {
      subscription.request(1);
    }
  }

  private void fail(IOException cause) {
    failure = cause;
    close();
    end.completeExceptionally(cause);
  }

  private void write(ByteBuffer buffer) throws IOException {
    int bytes = buffer.remaining();
    if (expected >= 0 && file.position() + bytes > expected) {
      throw new TooLongException(expected);
    }
    digest.ifPresent(value -> value.update(buffer.duplicate()));
    while (buffer.hasRemaining()) {
      file.write(buffer);
    }
    received.accept(bytes);
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    end.complete(new byte[0]);
  }

  /** Ends writing: when this returns, no other thread touches the file any more. */
  synchronized void close() {
    closed = true;
    if (subscription != null) {
      subscription.cancel();
    }
  }

  /** What went wrong on this side: on the disk, or with the length. */
  synchronized Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }
}
