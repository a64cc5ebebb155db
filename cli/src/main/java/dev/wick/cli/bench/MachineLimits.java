package dev.wick.cli.bench;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.limits.FmaProbe;
import dev.wick.limits.ReadProbe;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Measures what the processor could do at most, on the weights that a model has mapped. */
public final class MachineLimits {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";
  private static final int PASSES = 4;

  private final int threads = Runtime.getRuntime().availableProcessors();
  private final ReadProbe weights;

  private MachineLimits(ReadProbe weights) {
    this.weights = weights;
  }

  /**
   * The limits at one time.
   *
   * @param readBytesPerSecond of all threads, reading memory and adding it up
   * @param operationsPerSecond of all threads, f32 multiplications and additions
   */
  public record Limits(double readBytesPerSecond, double operationsPerSecond) {}

  /**
   * Probes for a device; empty unless it is the processor and the module of the Vector API is here.
   *
   * @throws IOException if a weight cannot be mapped
   */
  public static Optional<MachineLimits> of(DeviceInfo device, WeightSource source)
      throws IOException {
    if (device.kind() == DeviceInfo.Kind.GPU
        || ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
      return Optional.empty();
    }
    List<MemorySegment> segments = new ArrayList<>();
    for (String name : source.names()) {
      segments.add(source.data(name));
    }
    return Optional.of(new MachineLimits(new ReadProbe(segments)));
  }

  /**
   * Measures now, in a few hundred milliseconds.
   *
   * @throws IOException if the thread is interrupted
   */
  public Limits measure() throws IOException {
    try {
      return new Limits(
          weights.bytesPerSecond(threads, PASSES), FmaProbe.operationsPerSecond(threads));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException("bench: interrupted").initCause(e);
    }
  }
}
