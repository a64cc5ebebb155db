package dev.wick.tokenizers;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/*
 * DJL has a loader of its own (LibUtils). It is not used: it asks the CUDA runtime which GPU there
 * is, downloads another build of the library where it finds one, reports to a telemetry server from
 * cloud machines, and needs four more jars. The library in the jar is all we want, so it is unpacked
 * here, once per user and version, and nothing is ever downloaded.
 */
/** Unpacks and loads the native tokenizers library that DJL's jar carries. */
final class NativeLibrary {
  private static final String ROOT = "/native/lib/";
  private static final String VERSION_FILE = ROOT + "tokenizers.properties";
  private static final List<String> WINDOWS_RUNTIME =
      List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll");

  private static boolean loaded;

  private NativeLibrary() {}

  /**
   * Makes the native methods callable.
   *
   * @throws TokenizerException if there is no library for this platform, or it cannot be loaded
   */
  static synchronized void ensureLoaded() {
    if (loaded) {
      return;
    }
    String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
    boolean windows = platform.startsWith("win");
    String main = System.mapLibraryName("tokenizers");
    @Nullable URL resource = resource(platform, main);
    if (resource == null) {
      throw new TokenizerException(
          "tokenizers: no native library for %s; there is one for linux-x86_64, linux-aarch64 (glibc),"
                  .formatted(platform)
              + " osx-aarch64 and win-x86_64");
    }
    try {
      Path folder = cacheFolder().resolve("tokenizers-" + version() + "-" + platform);
      if (windows) {
        for (String name : WINDOWS_RUNTIME) {
          load(resource(platform, name), folder, name);
        }
      }
      load(resource, folder, main);
    } catch (IOException e) {
      throw new TokenizerException("tokenizers: cannot unpack the native library: " + e, e);
    } catch (UnsatisfiedLinkError e) {
      throw new TokenizerException(
          "tokenizers: cannot load the native library for %s: %s; it needs glibc on Linux (not musl),"
                  .formatted(platform, e.getMessage())
              + " and a cache folder that is not mounted noexec (set -Dwick.cache=FOLDER)",
          e);
    }
    loaded = true;
  }

  /** The folder name of an operating system and processor inside the jar. */
  static String platform(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    String family = os.startsWith("windows") ? "win" : os.startsWith("mac") ? "osx" : "linux";
    String arch = osArch.equals("amd64") ? "x86_64" : osArch.equals("arm64") ? "aarch64" : osArch;
    return family + "-" + arch;
  }

  private static @Nullable URL resource(String platform, String name) {
    return TokenizersLibrary.class.getResource(ROOT + platform + "/cpu/" + name);
  }

  private static String version() throws IOException {
    try (InputStream in = TokenizersLibrary.class.getResourceAsStream(VERSION_FILE)) {
      Properties properties = new Properties();
      if (in != null) {
        properties.load(in);
      }
      return properties.getProperty("version", "unknown").replaceAll("[^A-Za-z0-9.-]", "_");
    }
  }

  private static Path cacheFolder() {
    @Nullable String chosen = System.getProperty("wick.cache");
    if (chosen != null) {
      return Path.of(chosen);
    }
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    Path home = Path.of(System.getProperty("user.home"));
    if (os.startsWith("mac")) {
      return home.resolve("Library/Caches/wick");
    }
    @Nullable String base =
        System.getenv(os.startsWith("windows") ? "LOCALAPPDATA" : "XDG_CACHE_HOME");
    return (base == null || base.isEmpty() ? home.resolve(".cache") : Path.of(base))
        .resolve("wick");
  }

  @SuppressWarnings("restricted") // Loading a native library is what this class is for.
  private static void load(@Nullable URL resource, Path folder, String name) throws IOException {
    if (resource == null) {
      throw new IOException(name + " is missing from the jar");
    }
    Path file;
    try {
      file = unpack(resource, folder, name);
    } catch (IOException e) {
      // No home, or a read-only one: a private copy for this process will do.
      Path temporary = Files.createTempDirectory("wick-tokenizers");
      file = unpack(resource, temporary, name);
      file.toFile().deleteOnExit();
      temporary.toFile().deleteOnExit();
    }
    System.load(file.toAbsolutePath().toString());
  }

  private static Path unpack(URL resource, Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    try (InputStream in = connection.getInputStream()) {
      if (Files.exists(file) && Files.size(file) == connection.getContentLengthLong()) {
        return file;
      }
      Files.createDirectories(folder);
      Path part = Files.createTempFile(folder, name, ".part");
      try {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
      return file;
    }
  }
}
