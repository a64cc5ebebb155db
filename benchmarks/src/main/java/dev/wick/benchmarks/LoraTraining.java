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
public final class LoraTraining implements AutoCloseable {
  private static final int RANK = 8;
  private static final double RATE = 1e-4;

  private final Engine engine;
  private final Checkpoint checkpoint;
  private final LanguageModel model;
  private final TrainingSession session;
  private final List<MicroBatch> batches;

  /**
   * What a step is.
   *
   * @param targets {@code qv} or {@code all-linear}
   * @param length tokens of each sequence
   * @param residentWeights share of the weights that stays in memory
   */
  record Shape(
      String targets, int sequences, int length, boolean checkpointing, double residentWeights) {
    /** Tokens of a step. */
    int tokens() {
      return sequences * length;
    }

    private PeftConfig adapter() {
      return PeftConfig.builder(RANK, 2 * RANK)
          .targetModules(
              targets.equals("qv")
                  ? new ModuleSelector.Names(List.of("q_proj", "v_proj"))
                  : new ModuleSelector.AllLinear())
          .build();
    }
  }

  LoraTraining(Path folder, String device, Shape shape) throws IOException {
    TrainingConfig config =
        TrainingConfig.builder()
            .gradientCheckpointing(shape.checkpointing())
            .residentWeights(shape.residentWeights())
            .build();
    engine = Engine.open(device);
    checkpoint = Checkpoint.open(folder);
    model = Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(32));
    session = TrainingSession.lora(model, shape.adapter(), config);
    batches = List.of(batch(shape.sequences(), shape.length(), model.info().vocabSize()));
  }

  /** Takes one step and returns its loss. */
  double step() {
    return session.step(batches, RATE).loss();
  }

  @Override
  public void close() throws IOException {
    session.close();
    model.close();
    checkpoint.close();
    engine.close();
  }

  /** Runs the benchmark and prints tokens per second and the peak of resident memory. */
  public static void main(String[] args) throws IOException {
    int steps = Integer.parseInt(args[5]);
    List<String> further = new ArrayList<>(List.of(args).subList(6, args.length));
    Shape shape =
        new Shape(
            args[2],
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            further.remove("checkpointing"),
            further.isEmpty() ? 1 : Double.parseDouble(further.getFirst()));
    try (LoraTraining training = new LoraTraining(Path.of(args[0]), args[1], shape)) {
      double first = training.step();
      double last = first;
      training.step(); // compiles
      List<Double> rates = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        long begin = System.nanoTime();
        last = training.step();
        rates.add(shape.tokens() / ((System.nanoTime() - begin) / 1e9));
      }
      Collections.sort(rates);
      System.out.printf(
          "%s %dx%d: median %.1f tok/s, best %.1f, loss %.4f to %.4f, peak %s, fallbacks %s%n",
          shape.targets(),
          shape.sequences(),
          shape.length(),
          rates.get(rates.size() / 2),
          rates.getLast(),
          first,
          last,
          peak(),
          training.engine.fallbacks());
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
