package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import dev.wick.engine.NoBackendException;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Choosing among providers of which some are broken: found as on any class path. */
class EngineSelectionTest {
  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @TempDir private Path folder;

  @AfterEach
  void restoreClassLoader() {
    Thread.currentThread().setContextClassLoader(before);
  }

  /** Puts providers on the class path of this thread, after the reference that is always there. */
  private void declare(List<? extends Class<? extends BackendProvider>> providers)
      throws IOException {
    declare(providers.stream().map(Class::getName).collect(Collectors.joining("\n")));
  }

  private void declare(String lines) throws IOException {
    Path file = folder.resolve("META-INF/services/" + BackendProvider.class.getName());
    Files.createDirectories(file.getParent());
    Files.writeString(file, lines);
    URL[] path = {folder.toUri().toURL()};
    Thread.currentThread().setContextClassLoader(new URLClassLoader(path, before));
  }

  /** A backend of which only what is asked before opening matters. */
  abstract static class Stub implements BackendProvider {
    @Override
    public int spiVersion() {
      return Spi.VERSION;
    }

    @Override
    public Device open(DeviceInfo device) {
      return new DelegatingDevice(
          new ReferenceBackendProvider()
              .open(((Probe.Available) new ReferenceBackendProvider().probe()).devices().get(0))) {
        @Override
        public DeviceInfo info() {
          return device;
        }
      };
    }

    static DeviceInfo info(String id, DeviceInfo.Kind kind, long memory) {
      return new DeviceInfo(id, kind, "a stub", memory, false);
    }
  }

  /** Two GPUs, the second larger. */
  public static final class TwoGpus extends Stub {
    @Override
    public String name() {
      return "stubgpu";
    }

    @Override
    public Probe probe() {
      return new Probe.Available(
          List.of(
              info("stubgpu:0", DeviceInfo.Kind.GPU, 100),
              info("stubgpu:1", DeviceInfo.Kind.GPU, 200)));
    }
  }

  /** A CPU. */
  public static final class OneCpu extends Stub {
    @Override
    public String name() {
      return "stubcpu";
    }

    @Override
    public Probe probe() {
      return new Probe.Available(List.of(info("stubcpu:0", DeviceInfo.Kind.CPU, 1000)));
    }
  }

  /** Lacks its driver. */
  public static final class Absent extends Stub {
    @Override
    public String name() {
      return "absent";
    }

    @Override
    public Probe probe() {
      return new Probe.Unavailable("libabsent.so.1 not found", "install the driver");
    }
  }

  /** Made for another engine. */
  public static final class Old extends Stub {
    @Override
    public int spiVersion() {
      return Spi.VERSION - 1;
    }

    @Override
    public String name() {
      return "old";
    }

    @Override
    public Probe probe() {
      throw new AssertionError("probed although the version differs");
    }
  }

  /** Cannot be linked. */
  public static final class Unlinked extends Stub {
    @Override
    public String name() {
      return "unlinked";
    }

    @Override
    public Probe probe() {
      throw new UnsatisfiedLinkError("boom");
    }
  }

  /** Cannot be made. */
  public static final class Unmade extends Stub {
    public Unmade() {
      throw new IllegalStateException("no licence");
    }

    @Override
    public String name() {
      return "unmade";
    }

    @Override
    public Probe probe() {
      return new Probe.Available(List.of());
    }
  }

  /** Throws where it must not. */
  public static final class Throwing extends Stub {
    @Override
    public String name() {
      return "throwing";
    }

    @Override
    public Probe probe() {
      throw new IllegalStateException("forgot to check");
    }
  }

  @Test
  void open_unknownDevice_listsEveryProviderWithItsRemedy() throws IOException {
    declare(
        List.of(
            Absent.class, Old.class, Unlinked.class, Unmade.class, Throwing.class, TwoGpus.class));

    assertThatThrownBy(() -> Engine.open("tpu").close())
        .isInstanceOf(NoBackendException.class)
        .hasMessageStartingWith("no device matches 'tpu'. Probed:\n")
        .hasMessageContaining("\n  reference: offers reference:0")
        .hasMessageContaining("\n  absent: libabsent.so.1 not found (install the driver)")
        .hasMessageContaining(
            "\n  old: made for version %d of the backend SPI, this engine has %d (use releases"
                .formatted(Spi.VERSION - 1, Spi.VERSION))
        .hasMessageContaining(
            "$Unlinked: broken provider, java.lang.UnsatisfiedLinkError: boom (check that")
        .hasMessageContaining(
            "$Unmade: broken provider, java.lang.IllegalStateException: no licence (")
        .hasMessageContaining(
            "$Throwing: broken provider, java.lang.IllegalStateException: forgot to check (")
        .hasMessageContaining("\n  stubgpu: offers stubgpu:0, stubgpu:1");
  }

  @Test
  void open_aProviderThatDoesNotExist_isALineToo() throws IOException {
    declare("dev.wick.no.such.Provider\n" + OneCpu.class.getName());

    assertThat(Engine.probe())
        .extracting(BackendReport::toString)
        .anySatisfy(
            line -> assertThat(line).contains("broken provider").contains("dev.wick.no.such"))
        .contains("stubcpu: offers stubcpu:0");
  }

  @Test
  void open_auto_prefersGpusThenMemoryThenCpus() throws IOException {
    declare(List.of(OneCpu.class, TwoGpus.class));
    try (Engine engine = Engine.open("auto")) {
      assertThat(engine.info().id()).isEqualTo("stubgpu:1");
    }
    declare(List.of(OneCpu.class, Absent.class));
    try (Engine engine = Engine.open("auto")) {
      assertThat(engine.info().id()).isEqualTo("stubcpu:0");
    }
    declare(List.of(Absent.class));
    try (Engine engine = Engine.open("auto")) {
      assertThat(engine.info().id()).isEqualTo("reference:0");
    }
  }

  @Test
  void open_byName_takesTheFirstOrTheNamed() throws IOException {
    declare(List.of(OneCpu.class, TwoGpus.class));

    try (Engine engine = Engine.open("stubgpu")) {
      assertThat(engine.info().id()).isEqualTo("stubgpu:0");
    }
    try (Engine engine = Engine.open("stubgpu:1")) {
      assertThat(engine.info().id()).isEqualTo("stubgpu:1");
    }
    assertThatThrownBy(() -> Engine.open("stubgpu:2").close())
        .isInstanceOf(NoBackendException.class);
  }

  @Test
  void conformance_whereTheBackendIsAbsent_isSkippedOrFails() {
    BackendConformance kit =
        new BackendConformance() {
          @Override
          protected BackendProvider provider() {
            return new Absent();
          }
        };

    assertThatThrownBy(kit::openDevice)
        .isInstanceOf(org.opentest4j.TestAbortedException.class)
        .hasMessageContaining("absent: libabsent.so.1 not found (install the driver)");
    kit.closeDevice();

    System.setProperty("tck.require", "absent");
    try {
      assertThatThrownBy(kit::openDevice)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("required by -Dtck.require")
          .hasMessageContaining("install the driver");
    } finally {
      System.clearProperty("tck.require");
    }
  }
}
