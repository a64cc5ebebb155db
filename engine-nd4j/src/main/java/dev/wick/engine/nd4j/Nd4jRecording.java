package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.spi.Recording;
import java.util.List;

/** Kernels whose arrays are set up, and the buffers that they touch. */
final class Nd4jRecording implements Recording {
  private final Nd4jQueue queue;
  private final List<Kernel> kernels;
  private final List<Nd4jBuffer> buffers;
  private final Scratch scratch;
  private boolean closed;

  Nd4jRecording(Nd4jQueue queue, List<Kernel> kernels, List<Nd4jBuffer> buffers, Scratch scratch) {
    this.queue = queue;
    this.kernels = kernels;
    this.buffers = buffers;
    this.scratch = scratch;
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("recording: expected an open recording, got a closed one");
    }
    queue.checkOpen();
    Nd4jQueue.acquire(buffers);
    try {
      for (int i = 0; i < kernels.size(); i++) {
        kernels.get(i).run();
      }
    } finally {
      for (int i = 0; i < buffers.size(); i++) {
        buffers.get(i).release();
      }
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      scratch.close();
    }
  }
}
