package dev.wick.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
  @TempDir Path folder;

  @Test
  void data_eachTensor_isItsBytes() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a", "b");

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      assertThat(file.data("a").toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 1, 2, 3);
      assertThat(file.data("b").toArray(ValueLayout.JAVA_BYTE)).containsExactly(4, 5, 6, 7);
      assertThat(file.data("b").isReadOnly()).isTrue();
      assertThat(file.data("b").isMapped()).isTrue();
      assertThat(file.find("c")).isEmpty();
    }
  }

  @Test
  void data_missingTensor_namesFileAndTensor() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a");

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      assertThatThrownBy(() -> file.data("lm_head.weight"))
          .isInstanceOf(FormatException.class)
          .hasMessage(path + ": there is no tensor 'lm_head.weight'");
    }
  }

  @Test
  void close_thenUse_throws() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a");
    MappedFile<?> file = SafetensorsFile.open(path);
    MemorySegment data = file.data("a");

    file.close();
    file.close();

    assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> file.data("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("weights: %s is closed".formatted(path));
    assertThatThrownBy(() -> file.prefetch(bytes -> {})).isInstanceOf(IllegalStateException.class);
    assertThat(file.header().names()).containsExactly("a");
  }

  @Test
  void open_interruptedThread_keepsTheInterrupt() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a");
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(ClosedByInterruptException.class);

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void data_fileReplacedByWriter_keepsTheOldContent() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a");

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      new SafetensorsWriter().add("a", new float[] {1}, 1).write(path);

      assertThat(file.data("a").toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 1, 2, 3);
    }
  }

  @Test
  void data_manyThreads_seeTheSame() throws Exception {
    String[] names = IntStream.range(0, 50).mapToObj(i -> "t" + i).toArray(String[]::new);
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), names);
    try (MappedFile<?> file = SafetensorsFile.open(path);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Integer>> sums = new ArrayList<>();

      for (int thread = 0; thread < 4; thread++) {
        sums.add(
            threads.submit(
                () -> {
                  int sum = 0;
                  for (String name : names) {
                    sum += file.data(name).get(ValueLayout.JAVA_BYTE, 3) & 0xff;
                  }
                  return sum;
                }));
      }

      int expected = IntStream.range(0, 50).map(i -> 4 * i + 3).sum();
      for (Future<Integer> sum : sums) {
        assertThat(sum.get()).isEqualTo(expected);
      }
    }
  }

  @Test
  void prefetch_wholeFile_reportsEveryByteOnce() throws IOException {
    Path path = large(folder.resolve("x.safetensors"), 40_000_001);
    List<Long> reported = new ArrayList<>();

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      boolean complete = file.prefetch(reported::add);

      assertThat(complete).isTrue();
      assertThat(reported).isSorted().hasSize(3).last().isEqualTo(Files.size(path));
      assertThat(file.data("w").isLoaded()).isTrue();
    }
  }

  @Test
  void prefetch_closedMeanwhile_stopsQuietly() throws Exception {
    Path path = large(folder.resolve("x.safetensors"), 100_000_000);
    MappedFile<?> file = SafetensorsFile.open(path);
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Boolean> complete =
          thread.submit(
              () ->
                  file.prefetch(
                      bytes -> {
                        started.countDown();
                        await(closed);
                      }));
      await(started);

      file.close();
      closed.countDown();

      assertThat(complete.get()).isFalse();
    }
  }

  @Test
  void prefetch_interrupted_stopsAndKeepsTheInterrupt() throws IOException {
    Path path = large(folder.resolve("x.safetensors"), 40_000_000);
    try (MappedFile<?> file = SafetensorsFile.open(path)) {

      boolean complete = file.prefetch(bytes -> Thread.currentThread().interrupt());

      assertThat(complete).isFalse();
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  /** Closing against a thread that reads without end: the reader sees an exception, not a crash. */
  @Test
  void close_whileAnotherThreadReads_endsTheReader() throws Exception {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "a");
    MappedFile<?> file = SafetensorsFile.open(path);
    CountDownLatch started = new CountDownLatch(1);
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Long> reader =
          thread.submit(
              () -> {
                long sum = 0;
                while (true) {
                  sum += file.data("a").get(ValueLayout.JAVA_BYTE, 1);
                  started.countDown();
                }
              });
      await(started);

      file.close();

      assertThatThrownBy(() -> reader.get(60, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** One tensor of zeros in a sparse file. */
  private static Path large(Path path, int bytes) throws IOException {
    String header = "{" + RawFiles.entry("w", "U8", "[%d]".formatted(bytes), 0, bytes) + "}";
    RawFiles.safetensors(path, header, 0);
    try (var file = new java.io.RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() + bytes);
    }
    return path;
  }
}
