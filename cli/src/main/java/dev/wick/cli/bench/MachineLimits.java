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
  private static final int LEAST_PASSES = 4;

  /** So that the weights of a tiny model are read for some time, too. */
  private static final long LEAST_BYTES = 256L << 20;

  private static final int MOST_WARM_UPS = 20;

  /** So many in a row that are no faster: between two stages of the compiler there are a few. */
  private static final int STEADY_WARM_UPS = 5;

  private static final double GROWING = 1.1;

  private final int threads = Runtime.getRuntime().availableProcessors();
  private final ReadProbe weights;
  private final int passes;
  private boolean warm;

  private MachineLimits(ReadProbe weights) {
    this.weights = weights;
    this.passes =
        (int) Math.max(LEAST_PASSES, Math.ceilDiv(LEAST_BYTES, Math.max(1, weights.bytes())));
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
   * Measures now, in a few hundred milliseconds; the first time until the probes are compiled.
   *
   * @throws IOException if the thread is interrupted
   */
  public Limits measure() throws IOException {
    try {
      if (!warm) {
        warmUp();
        warm = true;
      }
      return probe();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException("bench: interrupted").initCause(e);
    }
  }

  private Limits probe() throws InterruptedException {
    return new Limits(
        weights.bytesPerSecond(threads, passes), FmaProbe.operationsPerSecond(threads));
  }

  /** Runs the probes until they are no longer getting faster, each for itself. */
  private void warmUp() throws InterruptedException {
    Limits best = new Limits(0, 0);
    int steady = 0;
    for (int i = 0; i < MOST_WARM_UPS && steady < STEADY_WARM_UPS; i++) {
      Limits now = probe();
      boolean growing =
          now.readBytesPerSecond() > GROWING * best.readBytesPerSecond()
              || now.operationsPerSecond() > GROWING * best.operationsPerSecond();
      steady = growing ? 0 : steady + 1;
      best =
          new Limits(
              Math.max(now.readBytesPerSecond(), best.readBytesPerSecond()),
              Math.max(now.operationsPerSecond(), best.operationsPerSecond()));
    }
  }
}
