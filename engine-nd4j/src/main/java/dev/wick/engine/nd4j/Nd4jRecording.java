package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.spi.Recording;
import java.util.List;

/** Kernels whose arrays are set up, and the buffers that they touch. */
final class Nd4jRecording implements Recording {
  private final Nd4jQueue queue;
  private final List<Step> steps;
  private final List<Nd4jBuffer> buffers;
  private final Scratch scratch;
  private boolean closed;

  Nd4jRecording(Nd4jQueue queue, List<Step> steps, List<Nd4jBuffer> buffers, Scratch scratch) {
    this.queue = queue;
    this.steps = steps;
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
      for (int i = 0; i < steps.size(); i++) {
        steps.get(i).run();
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

  /** A kernel and the buffers that it writes. */
  record Step(Kernel kernel, List<Nd4jBuffer> written) {
    void run() {
      try {
        kernel.run();
      } finally {
        for (int i = 0; i < written.size(); i++) {
          written.get(i).countWrite();
        }
      }
    }
  }
}
