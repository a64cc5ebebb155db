package dev.wick.lora.peft;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.name.ModuleNames;
import java.util.Map;

/** The names of tensors in PEFT's files. */
final class PeftNames {
  static final String PREFIX = "base_model.model.";
  static final String BASE_LAYER = ".base_layer";
  static final String A = ".lora_A.weight";
  static final String B = ".lora_B.weight";
  static final String B_BIAS = ".lora_B.bias";
  static final String EMBEDDING_A = ".lora_embedding_A";
  static final String EMBEDDING_B = ".lora_embedding_B";
  static final String MAGNITUDE = ".lora_magnitude_vector";

  /** What older files have. */
  static final String OLD_MAGNITUDE = MAGNITUDE + ".weight";

  private PeftNames() {}

  /** The parts of an adapter that was made in memory. */
  static AdapterParts parts(
      PeftConfig config, Map<String, LowRank> deltas, Map<String, HostTensor> replacements) {
    AdapterParts parts = new AdapterParts();
    TargetRules rules = new TargetRules(config);
    deltas.forEach((module, delta) -> add(parts, rules, module, delta));
    replacements.forEach(
        (parameter, tensor) -> {
          parts.replacements().put(parameter, tensor);
          parts.tensors().put(PREFIX + fileName(parameter, deltas), tensor);
        });
    return parts;
  }

  private static void add(AdapterParts parts, TargetRules rules, String module, LowRank delta) {
    if (delta.rank() != rules.rank(module)) {
      throw new IllegalArgumentException(
          "adapter: %s: expected rank %d as the configuration says, got %d"
              .formatted(module, rules.rank(module), delta.rank()));
    }
    if (delta.scale() != rules.scale(module)) {
      throw new IllegalArgumentException(
          "adapter: %s: expected scale %s as the configuration says, got %s"
              .formatted(module, rules.scale(module), delta.scale()));
    }
    parts.deltas().put(module, delta);
    String name = PREFIX + module;
    boolean embedding = ModuleNames.isEmbedding(module);
    parts.tensors().put(name + (embedding ? EMBEDDING_A : A), delta.a());
    parts.tensors().put(name + (embedding ? EMBEDDING_B : B), delta.b());
    delta.bias().ifPresent(bias -> parts.tensors().put(name + B_BIAS, bias));
    delta.magnitude().ifPresent(m -> parts.tensors().put(name + MAGNITUDE, m));
  }

  /** A parameter of an adapted module lies behind the adapter in PEFT's model. */
  private static String fileName(String parameter, Map<String, LowRank> deltas) {
    int dot = parameter.lastIndexOf('.');
    String module = parameter.substring(0, Math.max(0, dot));
    return deltas.containsKey(module) ? module + BASE_LAYER + parameter.substring(dot) : parameter;
  }
}
