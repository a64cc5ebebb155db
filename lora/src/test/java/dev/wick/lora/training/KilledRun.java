package dev.wick.lora.training;

import dev.wick.engine.Engine;
import dev.wick.lora.peft.PeftConfig;
import java.io.IOException;
import java.nio.file.Path;

/** A process that trains, with a checkpoint after each step, until it is killed. */
final class KilledRun {
  static final PeftConfig ADAPTER = PeftConfig.builder(2, 4).targetModules("q_proj").build();

  private KilledRun() {}

  static TrainingConfig config(long steps) {
    return TrainingConfig.builder()
        .steps(steps)
        .batchSize(2)
        .learningRate(0.01)
        .checkpointEvery(1)
        .build();
  }

  /** Trains into the folder that is named; says so on standard output before the first step. */
  public static void main(String[] args) throws IOException {
    try (Engine engine = Engine.open("cpu");
        ToyModel model = new ToyModel(engine)) {
      new LoraTrainer(model, ADAPTER, config(Long.MAX_VALUE >> 8))
          .withResume(true)
          .withListener(
              new TrainingListener() {
                @Override
                public void onCheckpoint(long step, Path folder) {
                  System.out.println(step);
                  System.out.flush();
                }
              })
          .train(ToyData.sequences(8, 1), Path.of(args[0]));
    }
  }
}
