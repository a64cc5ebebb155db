package dev.wick.backend.cpu;

import dev.wick.backend.cpu.kernel.Activations;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * Offers the processor as the device {@code cpu:0}.
 *
 * <p>The system property {@code wick.cpu.threads} sets the number of threads, which is that of the
 * processors otherwise; {@code wick.cpu.emit} and {@code wick.cpu.vector} switch machine code and
 * the Vector API off when {@code false}; {@code wick.cpu.activations} lets prefill round
 * activations when {@code bf16}.
 */
public final class CpuBackendProvider implements BackendProvider {
  private static final String NAME = "cpu";
  private static final String THREADS = "wick.cpu.threads";
  private static final int MAX_THREADS = 1024;

  /** A provider; used by the service loader. */
  public CpuBackendProvider() {}

  @Override
  public int spiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Probe probe() {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return new Probe.Unavailable(
          "checkpoints are little-endian and this processor is not", "choose another device");
    }
    int threads = threads();
    if (threads < 1 || threads > MAX_THREADS) {
      return new Probe.Unavailable(
          "%s is %s".formatted(THREADS, System.getProperty(THREADS)),
          "set it to a number from 1 to " + MAX_THREADS);
    }
    try {
      Activations.wanted();
    } catch (IllegalArgumentException unknown) {
      return new Probe.Unavailable(
          Objects.requireNonNull(unknown.getMessage()), "set it to one of these");
    }
    return new Probe.Available(List.of(info(threads)));
  }

  /** Threads that are wanted; 0 if what is wanted is no number. */
  private static int threads() {
    String wanted = System.getProperty(THREADS);
    try {
      return wanted == null ? defaultThreads() : Integer.parseInt(wanted);
    } catch (NumberFormatException unknown) {
      return 0;
    }
  }

  private static int defaultThreads() {
    return Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MAX_THREADS);
  }

  private static DeviceInfo info(int threads) {
    String loops;
    try (Arena arena = Arena.ofShared()) {
      loops = LoopChoice.fastest(arena).description();
    }
    String description =
        "%s, %s, %d thread%s"
            .formatted(HostFacts.processorName(), loops, threads, threads == 1 ? "" : "s");
    return new DeviceInfo(
        NAME + ":0", DeviceInfo.Kind.CPU, description, HostFacts.memoryBytes(), true);
  }

  @Override
  public Device open(DeviceInfo device) {
    if (!device.id().equals(NAME + ":0")) {
      throw new DeviceException("cpu: expected the device cpu:0, got " + device.id());
    }
    return new CpuDevice(device, Math.clamp(threads(), 1, MAX_THREADS));
  }
}
