package dev.wick.parity;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.training.LossReduction;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingSession;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.optim.AdamWConfig;
import dev.wick.lora.training.optim.LearningRateSchedule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A fine-tuning of the reference data, repeated here. */
final class GoldenTraining {
  private final JsonNode run;
  private final Path folder;
  final List<Double> losses = new ArrayList<>();
  final List<Double> gradientNorms = new ArrayList<>();
  final List<Double> rates = new ArrayList<>();

  /** As the files name them, for example {@code step2.base_model...}. */
  final Map<String, float[]> gradients = new LinkedHashMap<>();

  final Map<String, float[]> parameters = new LinkedHashMap<>();

  private GoldenTraining(Path folder) {
    this.folder = folder;
    this.run = Goldens.json(folder.resolve("run.json"));
  }

  static GoldenTraining run(Path folder, LanguageModel model) throws IOException {
    GoldenTraining training = new GoldenTraining(folder);
    training.run(model);
    return training;
  }

  private void run(LanguageModel model) throws IOException {
    int accumulation = run.get("gradient_accumulation").asInt();
    int steps = run.get("total_steps").asInt();
    TrainingConfig config = config(steps, accumulation);
    LearningRateSchedule schedule =
        new LearningRateSchedule(
            config.schedule(), config.warmUpSteps(), steps, config.decaySteps());
    try (GoldenTensors data = GoldenTensors.open(folder.resolve("run.safetensors"));
        PeftAdapter initial = PeftAdapter.open("initial", folder.resolve("initial"));
        TrainingSession session = TrainingSession.lora(model, initial, config)) {
      List<MicroBatch> all = GoldenBatches.of(data);
      for (int step = 0; step < steps; step++) {
        List<MicroBatch> batches = new ArrayList<>();
        for (int k = 0; k < accumulation; k++) {
          batches.add(all.get((step * accumulation + k) % all.size()));
        }
        if (isRecorded(step)) {
          session.computeGradients(batches);
          note(gradients, "step" + step + ".", session.gradients());
        }
        double rate = config.learningRate() * schedule.factor(step);
        TrainingSession.Outcome outcome = session.step(batches, rate);
        losses.add(outcome.loss());
        gradientNorms.add(outcome.gradientNorm());
        rates.add(rate);
        note(parameters, "after" + (step + 1) + ".", session.parameters());
      }
      note(parameters, "", session.parameters());
    }
  }

  private TrainingConfig config(int steps, int accumulation) {
    JsonNode optimizer = run.get("optimizer");
    return TrainingConfig.builder()
        .steps(steps)
        .gradientAccumulation(accumulation)
        .learningRate(run.get("peak_lr").asDouble())
        .schedule(schedule(run.get("schedule").asText()))
        .warmUpSteps(run.get("warmup_steps").asLong())
        .optimizer(
            new AdamWConfig(
                optimizer.get("betas").get(0).asDouble(),
                optimizer.get("betas").get(1).asDouble(),
                optimizer.get("eps").asDouble(),
                optimizer.get("weight_decay").asDouble()))
        .maxGradientNorm(run.get("clip_grad_norm").asDouble())
        .labelSmoothing(run.get("label_smoothing").asDouble())
        .lossReduction(reduction(run.get("loss_reduction").asText()))
        .build();
  }

  private static LearningRateSchedule.Kind schedule(String name) {
    return switch (name) {
      case "constant" -> LearningRateSchedule.Kind.CONSTANT;
      case "constant_with_warmup" -> LearningRateSchedule.Kind.CONSTANT_WITH_WARM_UP;
      case "linear" -> LearningRateSchedule.Kind.LINEAR;
      case "cosine" -> LearningRateSchedule.Kind.COSINE;
      default -> throw new IllegalArgumentException("golden: unknown schedule " + name);
    };
  }

  private static LossReduction reduction(String name) {
    return switch (name) {
      case "tokens_over_accumulation" -> LossReduction.TOKENS_OVER_ACCUMULATION;
      case "mean_of_microbatch_means" -> LossReduction.MEAN_OF_MICROBATCH_MEANS;
      default -> throw new IllegalArgumentException("golden: unknown reduction " + name);
    };
  }

  private boolean isRecorded(int step) {
    for (JsonNode recorded : run.get("gradients_recorded_at_steps")) {
      if (recorded.asInt() == step) {
        return true;
      }
    }
    return false;
  }

  private static void note(
      Map<String, float[]> target, String prefix, Map<String, HostTensor> tensors) {
    tensors.forEach((name, tensor) -> target.put(prefix + name, tensor.toFloatArray()));
  }
}
