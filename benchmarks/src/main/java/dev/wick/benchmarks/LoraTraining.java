package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingSession;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Measures LoRA training: optimiser steps of one micro-batch of equally long sequences, all of
 * whose tokens are learned.
 *
 * <p>Arguments: checkpoint folder, device, targets ({@code qv} or {@code all-linear}), sequences,
 * tokens per sequence, steps, and as wished {@code checkpointing} and the share of weights that
 * stays in memory.
 */
public final class LoraTraining {
  private static final int RANK = 8;
  private static final double RATE = 1e-4;

  private LoraTraining() {}

  /** Runs the benchmark and prints tokens per second and the peak of resident memory. */
  public static void main(String[] args) throws IOException {
    String targets = args[2];
    int sequences = Integer.parseInt(args[3]);
    int length = Integer.parseInt(args[4]);
    int steps = Integer.parseInt(args[5]);
    List<String> further = new ArrayList<>(List.of(args).subList(6, args.length));
    boolean checkpointing = further.remove("checkpointing");
    double residentWeights = further.isEmpty() ? 1 : Double.parseDouble(further.getFirst());
    PeftConfig adapter =
        PeftConfig.builder(RANK, 2 * RANK)
            .targetModules(
                targets.equals("qv")
                    ? new ModuleSelector.Names(List.of("q_proj", "v_proj"))
                    : new ModuleSelector.AllLinear())
            .build();
    TrainingConfig config =
        TrainingConfig.builder()
            .steps(steps)
            .gradientCheckpointing(checkpointing)
            .residentWeights(residentWeights)
            .build();
    try (Engine engine = Engine.open(args[1]);
        Checkpoint checkpoint = Checkpoint.open(Path.of(args[0]));
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(32));
        TrainingSession session = TrainingSession.lora(model, adapter, config)) {
      List<MicroBatch> batches = List.of(batch(sequences, length, model.info().vocabSize()));
      double first = session.step(batches, RATE).loss();
      double last = first;
      session.step(batches, RATE); // compiles
      List<Double> rates = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        long begin = System.nanoTime();
        last = session.step(batches, RATE).loss();
        rates.add(sequences * length / ((System.nanoTime() - begin) / 1e9));
      }
      Collections.sort(rates);
      System.out.printf(
          "%s %dx%d: median %.1f tok/s, best %.1f, loss %.4f to %.4f, peak %s, fallbacks %s%n",
          targets,
          sequences,
          length,
          rates.get(rates.size() / 2),
          rates.getLast(),
          first,
          last,
          peak(),
          engine.fallbacks());
    }
  }

  private static MicroBatch batch(int sequences, int length, int vocabSize) {
    Random random = new Random(1);
    List<Example> examples = new ArrayList<>();
    for (int s = 0; s < sequences; s++) {
      int[] ids = random.ints(length, 0, vocabSize).toArray();
      boolean[] learned = new boolean[length];
      Arrays.fill(learned, true);
      examples.add(Example.of(ids, learned));
    }
    return new MicroBatch(examples);
  }

  /** Peak of resident memory, mapped weights included, where Linux tells. */
  private static String peak() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return "unknown";
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .map(line -> line.replaceAll("\\s+", " "))
        .findFirst()
        .orElse("unknown");
  }
}
