package dev.wick.lora.peft;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.formats.file.FormatException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes low-rank changes of the tensors of one module and holds them against the configuration. An
 * ordinary module gives one change; one whose experts are a fused parameter (PEFT's {@code
 * target_parameters}) gives one or two for each expert.
 */
final class ModuleDeltas {
  private static final String EXPERTS = ".experts";

  /** The fused parameters of experts in the order of the model, which is that of PEFT's nesting. */
  private static final List<String> FUSED = List.of("gate_up_proj", "down_proj");

  private final Path file;
  private final PeftConfig config;
  private final TargetRules rules;
  private final ModuleTensors module;

  ModuleDeltas(Path file, PeftConfig config, TargetRules rules, ModuleTensors module) {
    this.file = file;
    this.config = config;
    this.rules = rules;
    this.module = module;
  }

  void addTo(Map<String, LowRank> deltas, PeftReader.Naming naming) throws FormatException {
    String path = module.path();
    int nesting = 0;
    while (path.endsWith(PeftNames.BASE_LAYER)) {
      path = path.substring(0, path.length() - PeftNames.BASE_LAYER.length());
      nesting++;
    }
    List<String> fused = path.endsWith(EXPERTS) ? fusedParameters(path) : List.of();
    if (nesting >= Math.max(1, fused.size())) {
      throw problem(module.any(), "expected an adapter around one module, got nested ones");
    }
    if (!fused.isEmpty()) {
      addExperts(deltas, naming, path, fused.get(fused.size() - 1 - nesting));
      return;
    }
    if (!rules.isOpen() && !rules.targets(path) && !rules.targetsParameter(path + ".weight")) {
      throw problem(
          module.any(),
          "expected tensors of modules that target_modules selects, got one of %s".formatted(path));
    }
    boolean byParameter = !rules.targets(path) && rules.targetsParameter(path + ".weight");
    LowRank delta = delta(byParameter ? path + ".weight" : path, 1);
    if (deltas.put(naming.canonical(path), delta) != null) {
      throw problem(module.any(), "expected one change of a module, got two under different names");
    }
  }

  private List<String> fusedParameters(String container) {
    return FUSED.stream()
        .filter(parameter -> rules.targetsParameter(container + "." + parameter))
        .toList();
  }

  private void addExperts(
      Map<String, LowRank> deltas, PeftReader.Naming naming, String container, String parameter)
      throws FormatException {
    String name = container + "." + parameter;
    int rank = rules.rank(name);
    HostTensor a = required(ModuleTensors.Role.A).tensor();
    long rows = a.shape().rank() == 2 ? a.shape().extent(0) : 0;
    if (rows == 0 || rows % rank != 0) {
      throw problem(
          required(ModuleTensors.Role.A),
          "expected A [%d * experts, in] of the fused %s, got %s"
              .formatted(rank, parameter, a.spec()));
    }
    int experts = Math.toIntExact(rows / rank);
    LowRank all = delta(name, experts);
    FusedExperts fused = new FusedExperts(all, experts);
    for (int e = 0; e < experts; e++) {
      String expert = container + "." + e;
      if (parameter.equals("down_proj")) {
        deltas.put(naming.canonical(expert + ".down_proj"), fused.expert(e, 0, all.out()));
      } else {
        long half = all.out() / 2;
        deltas.put(naming.canonical(expert + ".gate_proj"), fused.expert(e, 0, half));
        deltas.put(naming.canonical(expert + ".up_proj"), fused.expert(e, half, all.out()));
      }
    }
  }

  /** The change as stored, for so many experts one below the other. */
  private LowRank delta(String name, int experts) throws FormatException {
    ModuleTensors.Named a = required(ModuleTensors.Role.A);
    ModuleTensors.Named b = required(ModuleTensors.Role.B);
    long rank = (long) experts * rules.rank(name);
    requireMatrix(a, "A [%d, in]".formatted(rank));
    requireMatrix(b, "B [out, %d]".formatted(rank));
    if (a.tensor().shape().extent(0) != rank) {
      throw problem(
          a,
          "expected A [%d, in] as r or rank_pattern says, got %s"
              .formatted(rank, a.tensor().spec()));
    }
    if (b.tensor().shape().extent(1) != rank) {
      throw problem(
          b,
          "expected B [out, %d] beside A %s, got %s"
              .formatted(rank, a.tensor().shape(), b.tensor().spec()));
    }
    long out = b.tensor().shape().extent(0);
    return new LowRank(
        a.tensor(),
        b.tensor(),
        rules.scale(name),
        vector(ModuleTensors.Role.MAGNITUDE, config.useDora(), "use_dora", out),
        vector(
            ModuleTensors.Role.BIAS, config.loraBias() && !module.isEmbedding(), "lora_bias", out));
  }

  private ModuleTensors.Named required(ModuleTensors.Role role) throws FormatException {
    Optional<ModuleTensors.Named> found = module.find(role);
    if (found.isEmpty()) {
      throw problem(
          module.any(),
          "expected a lora_%s of the same module beside it, got none".formatted(role));
    }
    return found.get();
  }

  private void requireMatrix(ModuleTensors.Named named, String expected) throws FormatException {
    if (named.tensor().shape().rank() != 2 || named.tensor().shape().size() == 0) {
      throw problem(named, "expected %s, got %s".formatted(expected, named.tensor().spec()));
    }
  }

  private Optional<HostTensor> vector(
      ModuleTensors.Role role, boolean wanted, String key, long length) throws FormatException {
    Optional<ModuleTensors.Named> found = module.find(role);
    if (found.isPresent() != wanted) {
      throw problem(
          found.orElseGet(module::any),
          wanted
              ? "expected a %s of %d beside it as %s is true, got none"
                  .formatted(role.suffix(), length, key)
              : "expected none as %s is false, got %s".formatted(key, found.get().tensor().spec()));
    }
    if (found.isEmpty()) {
      return Optional.empty();
    }
    HostTensor tensor = found.get().tensor();
    if (!tensor.shape().equals(Shape.of(length))) {
      throw problem(found.get(), "expected [%d] beside B, got %s".formatted(length, tensor.spec()));
    }
    return Optional.of(tensor);
  }

  private FormatException problem(ModuleTensors.Named tensor, String problem) {
    return new FormatException(file, "%s: %s".formatted(tensor.name(), problem));
  }
}
