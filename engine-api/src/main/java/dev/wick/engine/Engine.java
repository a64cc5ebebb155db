package dev.wick.engine;

import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An open device and the way operations run on it. Thread-safe; close scopes and programs first.
 */
public final class Engine implements AutoCloseable {
  private final Device device;
  private final FallbackMode fallbackMode;
  private final Fallbacks fallbacks = new Fallbacks();
  private @Nullable Thread warmUp;

  private Engine(Device device, FallbackMode fallbackMode) {
    this.device = device;
    this.fallbackMode = fallbackMode;
  }

  /**
   * Opens a device.
   *
   * @param selector {@code auto} (a GPU before a CPU, more memory first), a backend's name such as
   *     {@code cpu}, or a device's id such as {@code cuda:1}
   * @throws NoBackendException if no device matches; lists what was found, with reasons
   */
  public static Engine open(String selector) {
    return open(selector, FallbackMode.ALLOW);
  }

  /** Opens a device with a mode for operations that it has no kernel for. */
  public static Engine open(String selector, FallbackMode fallbackMode) {
    Objects.requireNonNull(selector, "selector");
    List<BackendReport> reports = Backends.probe();
    Backends.Choice choice =
        Backends.choose(selector, reports)
            .orElseThrow(() -> new NoBackendException(selector, reports));
    return new Engine(choice.provider().open(choice.device()), fallbackMode);
  }

  /** An engine on a device that was opened otherwise; closing the engine closes it. */
  public static Engine of(Device device, FallbackMode fallbackMode) {
    return new Engine(
        Objects.requireNonNull(device, "device"),
        Objects.requireNonNull(fallbackMode, "fallbackMode"));
  }

  /** Every backend that is on the path, with its devices or the reason why it has none. */
  public static List<BackendReport> probe() {
    return Backends.probe();
  }

  /** The device. */
  public Device device() {
    return device;
  }

  /** What the device is. */
  public DeviceInfo info() {
    return device.info();
  }

  /** The mode for operations without a kernel. */
  public FallbackMode fallbackMode() {
    return fallbackMode;
  }

  /** How often each fused operation ran or was traced as its decomposition, by name. */
  public Map<String, Long> fallbacks() {
    return fallbacks.counts();
  }

  /** A scope for tensors that are computed at once. */
  public TensorScope newScope() {
    return new TensorScope(this);
  }

  /**
   * Traces a computation into a program that can be run again and again.
   *
   * @param definition declares inputs, applies operations and names outputs; called once, now
   */
  public Program trace(Consumer<Tracer> definition) {
    return trace(definition, Optional.empty());
  }

  /**
   * Traces a computation into a program whose memory others use in turns with it.
   *
   * @param arena of this engine; grows if the program needs more
   */
  public Program trace(Consumer<Tracer> definition, SharedArena arena) {
    return trace(definition, Optional.of(arena));
  }

  private Program trace(Consumer<Tracer> definition, Optional<SharedArena> arena) {
    Tracer tracer = new Tracer(this);
    definition.accept(tracer);
    return tracer.compile(arena);
  }

  /**
   * Prepares the device's kernels on a thread of its own, for example while weights load. Happens
   * once; closing the engine ends it.
   */
  public synchronized void warmUp() {
    if (warmUp == null) {
      warmUp = Thread.ofPlatform().daemon().name("wick-warm-up").start(device::warmUp);
    }
  }

  Fallbacks counter() {
    return fallbacks;
  }

  @Override
  public void close() {
    endWarmUp();
    device.close();
  }

  private synchronized void endWarmUp() {
    if (warmUp == null) {
      return;
    }
    warmUp.interrupt();
    boolean interrupted = false;
    while (warmUp.isAlive()) {
      try {
        warmUp.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
