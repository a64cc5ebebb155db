package dev.wick.backend.cpu;

import dev.wick.backend.cpu.kernel.Sequence;
import dev.wick.engine.spi.Recording;
import java.util.List;

/** Bound kernels, with the buffers that they compute on. */
final class CpuRecording implements Recording {
  private final CpuQueue queue;
  private final Sequence sequence;
  private final CpuBuffer[] buffers;
  private final List<CpuBuffer> held;
  private boolean closed;

  /**
   * @param held buffers acquired for this recording, each as often as it was acquired
   */
  CpuRecording(CpuQueue queue, Sequence sequence, List<CpuBuffer> held) {
    this.queue = queue;
    this.sequence = sequence;
    this.held = held;
    this.buffers = held.stream().distinct().toArray(CpuBuffer[]::new);
  }

  /** How many kernels a run starts, one after the other. */
  int kernels() {
    return sequence.size();
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("recording: expected an open recording, got a closed one");
    }
    for (CpuBuffer buffer : buffers) {
      buffer.checkOpen();
    }
    queue.run(sequence);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      held.forEach(CpuBuffer::release);
    }
  }
}
