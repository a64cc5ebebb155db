package dev.wick.lora.peft;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.formats.file.FormatException;
import dev.wick.lora.name.ModuleNames;
import dev.wick.lora.tensor.SameTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Holds an adapter's tensors against the model that it is for. */
final class BaseFit {
  private static final int SHOWN = 10;

  /**
   * Weights that are linear layers to PEFT. Experts are not (their parameters are fused), nor is
   * the router, nor what a text model does not load.
   */
  private static final Pattern LINEAR =
      Pattern.compile(
          "(?:model\\.(?:language_model\\.)?layers\\.\\d+\\.(?!.*\\.experts\\.)(?!mlp\\.gate\\.).*"
              + "|lm_head\\.)weight");

  private final Path file;
  private final PeftConfig config;
  private final TargetRules rules;
  private final BaseWeights base;
  private final List<String> problems = new ArrayList<>();

  BaseFit(Path file, PeftConfig config, TargetRules rules, BaseWeights base) {
    this.file = file;
    this.config = config;
    this.rules = rules;
    this.base = base;
  }

  void check(AdapterParts parts) throws IOException {
    parts.deltas().forEach(this::checkDelta);
    parts.replacements().forEach(this::checkReplacement);
    if (problems.isEmpty() && !rules.isOpen()) {
      checkComplete(parts);
    }
    if (!problems.isEmpty()) {
      String more = problems.size() > SHOWN ? "%n  ...".formatted() : "";
      throw new FormatException(
          file,
          "expected an adapter of %s, got %d tensors that do not fit:%n  %s%s"
              .formatted(
                  base.location(),
                  problems.size(),
                  String.join(
                      "%n  ".formatted(), problems.subList(0, Math.min(SHOWN, problems.size()))),
                  more));
    }
    dropUnchanged(parts);
  }

  private void checkDelta(String module, LowRank delta) {
    Optional<Shape> weight = base.shape(module + ".weight");
    if (weight.isEmpty() || weight.get().rank() != 2) {
      problems.add(
          "%s: the model has no such linear layer, A %s and B %s"
              .formatted(module, delta.a().spec(), delta.b().spec()));
      return;
    }
    boolean embedding = ModuleNames.isEmbedding(module);
    long in = weight.get().extent(embedding ? 0 : 1);
    long out = weight.get().extent(embedding ? 1 : 0);
    if (delta.in() != in || delta.out() != out) {
      problems.add(
          "%s: expected A [%d, %d] and B [%d, %d], got A %s and B %s"
              .formatted(
                  module, delta.rank(), in, out, delta.rank(), delta.a().spec(), delta.b().spec()));
    }
  }

  private void checkReplacement(String parameter, HostTensor tensor) {
    Optional<Shape> shape = base.shape(parameter);
    if (shape.isEmpty()) {
      problems.add("%s: the model has no such parameter, %s".formatted(parameter, tensor.spec()));
    } else if (!shape.get().equals(tensor.shape())) {
      problems.add(
          "%s: expected %s as the model has, got %s"
              .formatted(parameter, shape.get(), tensor.spec()));
    }
  }

  /** What the configuration adapts must be there: PEFT would leave it without effect. */
  private void checkComplete(AdapterParts parts) {
    for (String name : base.names()) {
      Shape shape = base.shape(name).orElseThrow();
      if (shape.rank() != 2 || !LINEAR.matcher(name).matches()) {
        continue;
      }
      String module = name.substring(0, name.length() - ".weight".length());
      if (rules.targets(module) && !parts.deltas().containsKey(module)) {
        problems.add(
            "%s: expected lora_A [r, %d] and lora_B [%d, r] as target_modules says, got none"
                .formatted(module, shape.extent(1), shape.extent(0)));
      }
      if (rules.isSaved(module) && !parts.replacements().containsKey(name)) {
        problems.add("%s: expected %s as modules_to_save says, got none".formatted(name, shape));
      }
    }
  }

  /**
   * PEFT stores an adapted embedding whole; one that is the base model's need not be kept twice.
   */
  private void dropUnchanged(AdapterParts parts) throws IOException {
    for (Map.Entry<String, LowRank> delta : parts.deltas().entrySet()) {
      String weight = delta.getKey() + ".weight";
      HostTensor stored = parts.replacements().get(weight);
      if (stored != null && config.modulesToSave().isEmpty()) {
        Optional<HostTensor> original = base.tensor(weight);
        if (original.isPresent() && SameTensor.test(stored, original.get())) {
          parts.replacements().remove(weight);
        }
      }
    }
  }
}
