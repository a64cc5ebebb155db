package dev.wick.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class Nd4jBackendProviderTest {
  private final Nd4jBackendProvider provider = new Nd4jBackendProvider();

  @Test
  void probe_nd4jOnTheClassPath_offersOneDevice() {
    Probe probe = provider.probe();

    assertThat(probe)
        .isEqualTo(
            new Probe.Available(
                List.of(
                    new DeviceInfo(
                        "nd4j:0",
                        DeviceInfo.Kind.FALLBACK,
                        "ND4J 1.0.0-M2.1 (nd4j-native)",
                        0,
                        true))));
  }

  @Test
  void probe_withoutNd4j_namesTheArtifact() {
    Probe probe = Nd4jPresence.probe(hiding("org/nd4j/"));

    assertThat(probe)
        .isEqualTo(
            new Probe.Unavailable(
                "ND4J is not on the class path",
                "add org.nd4j:nd4j-native and its classifier for this platform"));
  }

  @Test
  void probe_withoutNativeLibrary_namesTheClassifier() {
    Probe probe = Nd4jPresence.probe(hiding("org/nd4j/linalg/cpu/nativecpu/bindings/"));

    assertThat(probe).isInstanceOf(Probe.Unavailable.class);
    Probe.Unavailable missing = (Probe.Unavailable) probe;
    assertThat(missing.reason()).startsWith("ND4J has no native library for ");
    assertThat(missing.remedy()).startsWith("add ND4J's backend again with the classifier ");
  }

  @Test
  void probe_withoutBackend_saysSo() {
    Probe probe = Nd4jPresence.probe(hiding("org/nd4j/linalg/cpu/"));

    assertThat(probe)
        .isEqualTo(
            new Probe.Unavailable(
                "ND4J has no backend on the class path",
                "add org.nd4j:nd4j-native and its classifier for this platform"));
  }

  @Test
  void probe_withCuda_offersAGpuOrNamesTheDriver() {
    Probe probe = Nd4jPresence.probe(pretendingCuda());

    switch (probe) {
      case Probe.Available(List<DeviceInfo> devices) ->
          assertThat(devices).extracting(DeviceInfo::kind).containsExactly(DeviceInfo.Kind.GPU);
      case Probe.Unavailable(String reason, String remedy) -> {
        assertThat(reason).isIn("libcuda.so.1 not found", "nvcuda.dll not found");
        assertThat(remedy).startsWith("install the NVIDIA driver");
      }
    }
  }

  @Test
  void open_unknownDevice_throws() {
    DeviceInfo unknown = new DeviceInfo("nd4j:7", DeviceInfo.Kind.FALLBACK, "none", 0, true);

    assertThatThrownBy(() -> provider.open(unknown))
        .isInstanceOf(DeviceException.class)
        .hasMessage("nd4j: open: expected a device that probe offers, got nd4j:7");
  }

  @Test
  void declarations_ofModuleAndClassPath_areEqual() throws IOException {
    String service = BackendProvider.class.getName();
    String file = "META-INF/services/" + service;
    ModuleDescriptor descriptor;
    try (InputStream stream = open("module-info.class")) {
      descriptor = ModuleDescriptor.read(stream);
    }

    List<String> declared;
    try (InputStream stream = open(file)) {
      declared = new String(stream.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }

    assertThat(descriptor.provides())
        .singleElement()
        .satisfies(
            provides -> {
              assertThat(provides.service()).isEqualTo(service);
              assertThat(provides.providers()).isEqualTo(declared);
            });
    assertThat(descriptor.exports()).isEmpty();
  }

  /** A file of the module itself, and not one of the same name elsewhere. */
  private static InputStream open(String name) throws IOException {
    URL folder = Nd4jBackendProvider.class.getProtectionDomain().getCodeSource().getLocation();
    return URI.create(folder + name).toURL().openStream();
  }

  /** A class loader that has everything but resources under a prefix. */
  private static ClassLoader hiding(String prefix) {
    return new ClassLoader(Nd4jBackendProviderTest.class.getClassLoader()) {
      @Override
      public @Nullable URL getResource(String name) {
        return name.startsWith(prefix) ? null : super.getResource(name);
      }
    };
  }

  private static ClassLoader pretendingCuda() {
    ClassLoader original = Nd4jBackendProviderTest.class.getClassLoader();
    return new ClassLoader(original) {
      @Override
      public @Nullable URL getResource(String name) {
        return name.contains("/nativecpu/")
            ? null
            : original.getResource(
                name.contains("/jcublas/") ? "org/nd4j/linalg/factory/Nd4j.class" : name);
      }
    };
  }
}
