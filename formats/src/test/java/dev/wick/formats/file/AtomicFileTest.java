package dev.wick.formats.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  /** A program that begins a file and waits until it is ended. */
  static final class Unfinished {
    private Unfinished() {}

    public static void main(String... args) throws IOException {
      AtomicFile.write(
          Path.of(args[0]),
          channel -> {
            channel.write(ByteBuffer.wrap(new byte[100]));
            System.out.println("begun");
            new Semaphore(0).acquireUninterruptibly(); // for ever
          });
    }
  }

  @Test
  void write_folderIsMissing_namesFileAndFolder() {
    Path file = folder.resolve("none").resolve("a.bin");
    assertThatThrownBy(() -> AtomicFile.write(file, channel -> {}))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage("%s: there is no folder %s; make it first", file, file.getParent());
  }

  @Test
  void write_channelFails_namesFileAndKeepsTheOldOne() throws IOException {
    Path file = folder.resolve("a.bin");
    Files.writeString(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    file,
                    channel -> {
                      channel.write(ByteBuffer.wrap(new byte[100]));
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": No space left on device");
    assertThat(file).hasContent("old");
    assertThat(names()).containsExactly("a.bin");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void write_pathIsAPipe_isRefusedAndStays() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();

    assertThatThrownBy(() -> AtomicFile.write(pipe, channel -> {}))
        .isInstanceOf(IOException.class)
        .hasMessage(pipe + ": expected the path of a file, got a device or pipe");
    assertThat(Files.isRegularFile(pipe)).isFalse();
    assertThat(names()).containsExactly("pipe");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS) // has no signal that lets a JVM end in order
  void write_processIsEnded_leavesNothing() throws Exception {
    String classPath = place(AtomicFile.class) + File.pathSeparator + place(Unfinished.class);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Unfinished.class.getName(),
                folder.resolve("a.bin").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(out.readLine()).isEqualTo("begun");
      assertThat(names()).hasSize(1);
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(names()).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  private static Path place(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private String[] names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toArray(String[]::new);
    }
  }
}
