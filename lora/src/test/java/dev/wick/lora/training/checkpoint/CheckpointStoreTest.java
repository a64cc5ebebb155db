package dev.wick.lora.training.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
  @TempDir private Path folder;

  private static CheckpointStore.Content text(String text) {
    return target -> Files.writeString(target.resolve("a.txt"), text);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void write_several_keepsTheNewestAndTheSpared() throws IOException {
    CheckpointStore store = new CheckpointStore(folder, 2);

    for (long step : new long[] {5, 10, 15, 20}) {
      store.write(step, 5, text("step " + step));
    }

    assertThat(names()).containsExactly("checkpoint-15", "checkpoint-20", "checkpoint-5");
    assertThat(store.latest()).contains(folder.resolve("checkpoint-20"));
    assertThat(folder.resolve("checkpoint-20/a.txt")).hasContent("step 20");
  }

  @Test
  void write_fullDisk_keepsTheLastGoodOne() throws IOException {
    CheckpointStore store = new CheckpointStore(folder, 1);
    store.write(1, -1, text("good"));

    assertThatThrownBy(
            () ->
                store.write(
                    2,
                    -1,
                    target -> {
                      Files.writeString(target.resolve("a.txt"), "half");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "%s: cannot write the checkpoint: No space left on device; the last good one is"
                    .formatted(folder.resolve("checkpoint-2"))
                + " checkpoint-1");
    assertThat(names()).containsExactly("checkpoint-1");
    assertThat(folder.resolve("checkpoint-1/a.txt")).hasContent("good");
  }

  @Test
  void removeLeftovers_ofAKilledProcess_leavesCheckpointsAlone() throws IOException {
    CheckpointStore store = new CheckpointStore(folder, 1);
    store.write(1, -1, text("good"));
    Path leftover = Files.createDirectory(folder.resolve(".checkpoint-2.abc.tmp"));
    Files.writeString(leftover.resolve("a.txt"), "half");
    Files.writeString(folder.resolve("other.txt"), "not ours");

    store.removeLeftovers();

    assertThat(names()).containsExactly("checkpoint-1", "other.txt");
  }

  @Test
  void latest_withoutFolder_isEmpty() throws IOException {
    assertThat(new CheckpointStore(folder.resolve("none"), 1).latest()).isEmpty();
  }
}
