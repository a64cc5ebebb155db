package dev.wick.engine.nd4j;

import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/** Looks for ND4J on the class path without starting it, which takes a second or two. */
final class Nd4jPresence {
  private static final String API = "org/nd4j/linalg/factory/Nd4j.class";
  private static final String CPU = "org/nd4j/linalg/cpu/nativecpu/CpuBackend.class";
  private static final String CUDA = "org/nd4j/linalg/jcublas/JCublasBackend.class";
  private static final String CUDA_LIBRARIES = "org/nd4j/linalg/jcublas/bindings/";
  private static final String CPU_LIBRARIES = "org/nd4j/linalg/cpu/nativecpu/bindings/";

  private Nd4jPresence() {}

  /** What a class loader has of ND4J. */
  static Probe probe(ClassLoader loader) {
    if (loader.getResource(API) == null) {
      return new Probe.Unavailable(
          "ND4J is not on the class path",
          "add org.nd4j:nd4j-native and its classifier for this platform");
    }
    String platform = platform();
    if (loader.getResource(CPU) != null) {
      return hasLibrary(loader, CPU_LIBRARIES + platform + extension(), "jnind4jcpu")
          ? available(DeviceInfo.Kind.FALLBACK, "nd4j-native", loader)
          : withoutLibrary(platform);
    }
    if (loader.getResource(CUDA) != null) {
      if (!hasLibrary(loader, CUDA_LIBRARIES + platform + extension(), "jnind4jcuda")) {
        return withoutLibrary(platform);
      }
      String driver = platform.startsWith("windows") ? "nvcuda.dll" : "libcuda.so.1";
      return isLoadable(driver)
          ? available(DeviceInfo.Kind.GPU, "nd4j-cuda", loader)
          : new Probe.Unavailable(
              driver + " not found",
              "install the NVIDIA driver, or build without -Dnd4j.cuda to use the CPU");
    }
    return new Probe.Unavailable(
        "ND4J has no backend on the class path",
        "add org.nd4j:nd4j-native and its classifier for this platform");
  }

  private static boolean hasLibrary(ClassLoader loader, String folder, String name) {
    return loader.getResource(folder + "/" + System.mapLibraryName(name)) != null;
  }

  private static Probe withoutLibrary(String platform) {
    return new Probe.Unavailable(
        "ND4J has no native library for " + platform,
        "add ND4J's backend again with the classifier " + platform);
  }

  private static Probe available(DeviceInfo.Kind kind, String backend, ClassLoader loader) {
    String description = ("ND4J " + version(loader)).strip() + " (" + backend + ")";
    boolean unified = kind != DeviceInfo.Kind.GPU;
    return new Probe.Available(List.of(new DeviceInfo("nd4j:0", kind, description, 0, unified)));
  }

  /** JavaCPP's name of the platform. */
  private static String platform() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String os =
        name.startsWith("mac") ? "macosx" : name.startsWith("windows") ? "windows" : "linux";
    String cpu =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64" -> "arm64";
          default -> arch;
        };
    return System.getProperty("org.bytedeco.javacpp.platform", os + "-" + cpu);
  }

  private static String extension() {
    return System.getProperty("org.bytedeco.javacpp.platform.extension", "");
  }

  @SuppressWarnings("restricted") // looking whether the driver is there is loading it
  private static boolean isLoadable(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup.libraryLookup(library, arena);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String version(ClassLoader loader) {
    String properties = "META-INF/maven/org.nd4j/nd4j-api/pom.properties";
    try (InputStream stream = loader.getResourceAsStream(properties)) {
      if (stream == null) {
        return "";
      }
      Properties values = new Properties();
      values.load(stream);
      return values.getProperty("version", "");
    } catch (IOException e) {
      throw new UncheckedIOException(properties, e);
    }
  }
}
