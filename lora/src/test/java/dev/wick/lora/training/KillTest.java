package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.Engine;
import dev.wick.lora.training.checkpoint.CheckpointStore;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a process that trains, at random moments. {@code -Dwick.kills=200} does it that often; by
 * default it is done a few times.
 */
class KillTest {
  private static final int KILLS = Integer.getInteger("wick.kills", 2);
  private static final long SEED = Long.getLong("wick.seed", System.nanoTime());

  @TempDir private Path folder;

  @Test
  void kill_atRandomMoments_leavesCheckpointsThatResume() throws Exception {
    SplittableRandom random = new SplittableRandom(SEED);
    long announced = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      announced = Math.max(announced, killed(random));

      Path latest = new CheckpointStore(folder, 1).latest().orElseThrow();
      assertThat(CheckpointStore.step(latest))
          .as("kill %d of seed %d", kill, SEED)
          .isGreaterThanOrEqualTo(announced);
      try (Engine engine = Engine.open("cpu");
          ToyModel model = new ToyModel(engine)) {
        long next = CheckpointStore.step(latest) + 1;
        TrainingResult result =
            new LoraTrainer(model, KilledRun.ADAPTER, KilledRun.config(next))
                .withResume(true)
                .train(ToyData.sequences(8, 1), folder);
        assertThat(result.steps()).as("kill %d of seed %d", kill, SEED).isEqualTo(next);
      }
    }
  }

  /** Starts a process, kills it after its first checkpoint; the last step that it announced. */
  private long killed(SplittableRandom random) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    long last = 0;
    try (BufferedReader out = process.inputReader()) {
      String line = out.readLine();
      assertThat(line).as("the process has to train").isNotNull();
      last = Long.parseLong(line);
      // Not a whole number of steps: a step of this model takes some milliseconds.
      process.waitFor(random.nextLong(Duration.ofMillis(120).toNanos()), TimeUnit.NANOSECONDS);
      // By its handle: Process.destroyForcibly would drop what it has announced.
      process.toHandle().destroyForcibly();
      process.waitFor();
      for (line = out.readLine(); line != null; line = out.readLine()) {
        if (line.matches("\\d+")) {
          last = Math.max(last, Long.parseLong(line));
        }
      }
    }
    return last;
  }

  private List<String> command() {
    List<String> path = new ArrayList<>();
    for (String property : List.of("jdk.module.path", "java.class.path")) {
      String value = System.getProperty(property, "");
      if (!value.isEmpty()) {
        path.add(value);
      }
    }
    path.add(Path.of("target", "test-classes").toString());
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules",
        "jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        String.join(File.pathSeparator, path),
        KilledRun.class.getName(),
        folder.toString());
  }
}
