package dev.wick.lora.training.program;

import dev.wick.engine.model.AdapterFit;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.TargetRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;

/** The tensors of an adapter as variables, and back. */
public final class LoraVariables {
  private static final String PREFIX = "base_model.model.";

  private final LanguageModel model;
  private final List<Trainable> tensors = new ArrayList<>();
  private final Map<String, LowRankSlot> lowRank = new LinkedHashMap<>();
  private final Map<String, Integer> whole = new LinkedHashMap<>();

  private LoraVariables(LanguageModel model) {
    this.model = model;
  }

  /** A fresh adapter. */
  public static TrainableSet fresh(LanguageModel model, PeftConfig config, long seed) {
    refuseParameters(config);
    LoraVariables variables = new LoraVariables(model);
    TargetRules rules = new TargetRules(config);
    RandomStreams random = new RandomStreams(seed);
    int number = 0;
    for (Linear layer : model.forwardPass().linears()) {
      if (rules.targets(layer.name())) {
        SplittableRandom own = random.stream(RandomStreams.Purpose.INITIALISATION, 0, number++);
        variables.addFresh(layer, config, rules, own);
      }
    }
    variables.addWhole(config, rules);
    if (variables.tensors.isEmpty()) {
      throw new IllegalArgumentException(
          "training: expected target modules of the model, got %s, which none of %s matches"
              .formatted(
                  config.targetModules().map(Object::toString).orElse("none"),
                  model.forwardPass().linears().stream()
                      .map(layer -> layer.name().substring(layer.name().lastIndexOf('.') + 1))
                      .distinct()
                      .toList()));
    }
    return variables.set(config);
  }

  /** An adapter's tensors, copied. */
  public static TrainableSet of(LanguageModel model, PeftAdapter adapter) {
    refuseParameters(adapter.config());
    AdapterFit.check(adapter, model.forwardPass());
    LoraVariables variables = new LoraVariables(model);
    for (Linear layer : model.forwardPass().linears()) {
      LowRank delta = adapter.deltas().get(layer.name());
      if (delta != null) {
        variables.add(layer.name(), delta);
      }
    }
    if (variables.lowRank.size() < adapter.deltas().size()) {
      throw new IllegalArgumentException(
          "training: expected low-rank changes of linear layers only, got one of an embedding");
    }
    adapter
        .replacements()
        .forEach(
            (name, tensor) ->
                variables.whole.put(
                    name, variables.add(PREFIX + name, tensor.shape(), tensor.toFloatArray())));
    return variables.set(adapter.config());
  }

  private static void refuseParameters(PeftConfig config) {
    if (!config.targetParameters().isEmpty()) {
      throw new IllegalArgumentException(
          "training: expected target modules, got target parameters %s; name the experts' layers"
              .formatted(config.targetParameters()));
    }
  }

  private TrainableSet set(PeftConfig config) {
    return new TrainableSet(tensors, lowRank, whole, config.loraDropout());
  }

  /** A as PEFT initialises it: {@code kaiming_uniform_(a=sqrt(5))}, within 1 / sqrt(in). */
  private void addFresh(
      Linear layer, PeftConfig config, TargetRules rules, SplittableRandom random) {
    int rank = rules.rank(layer.name());
    int in = Math.toIntExact(layer.in());
    int out = Math.toIntExact(layer.out());
    float[] a = new float[Math.multiplyExact(rank, in)];
    double bound = 1 / Math.sqrt(in);
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) (bound * (2 * random.nextDouble() - 1));
    }
    Optional<HostTensor> magnitude =
        config.useDora() ? Optional.of(HostTensor.of(norms(layer), out)) : Optional.empty();
    Optional<HostTensor> bias =
        config.loraBias() ? Optional.of(HostTensor.of(new float[out], out)) : Optional.empty();
    LowRank delta =
        new LowRank(
            HostTensor.of(a, rank, in),
            HostTensor.of(new float[Math.multiplyExact(out, rank)], out, rank),
            rules.scale(layer.name()),
            magnitude,
            bias);
    add(layer.name(), delta);
  }

  /** Norms of the rows of a weight: the magnitude at which DoRA changes nothing. */
  private float[] norms(Linear layer) {
    float[] norms = SquaredNorms.of(model.engine(), layer);
    for (int i = 0; i < norms.length; i++) {
      norms[i] = (float) Math.sqrt(norms[i]);
    }
    return norms;
  }

  private void add(String module, LowRank delta) {
    String name = PREFIX + module;
    lowRank.put(
        module,
        new LowRankSlot(
            add(name + ".lora_A.weight", delta.a()),
            add(name + ".lora_B.weight", delta.b()),
            delta.magnitude().map(m -> add(name + ".lora_magnitude_vector", m)).orElse(-1),
            delta.bias().map(b -> add(name + ".lora_B.bias", b)).orElse(-1),
            delta.scale()));
  }

  private int add(String name, HostTensor tensor) {
    return add(name, tensor.shape(), tensor.toFloatArray());
  }

  private int add(String name, Shape shape, float[] values) {
    tensors.add(new Trainable(name, shape, values));
    return tensors.size() - 1;
  }

  private void addWhole(PeftConfig config, TargetRules rules) {
    for (Parameter parameter : model.forwardPass().parameters()) {
      String name = parameter.name();
      String module = name.substring(0, Math.max(0, name.lastIndexOf('.')));
      boolean wanted =
          rules.isSaved(module)
              || (name.endsWith(".bias")
                  && switch (config.bias()) {
                    case NONE -> false;
                    case ALL -> true;
                    case LORA_ONLY -> lowRank.containsKey(module);
                  });
      if (wanted) {
        whole.put(name, tensors.size());
        tensors.add(FullVariables.copy(model, parameter, PREFIX + name));
      }
    }
  }

  /** The adapter that variables have become; shares their memory if not copied. */
  public static PeftAdapter adapter(String name, PeftConfig config, TrainableSet set) {
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    set.lowRank()
        .forEach(
            (module, slot) ->
                deltas.put(
                    module,
                    new LowRank(
                        copy(set, slot.a()),
                        copy(set, slot.b()),
                        slot.scale(),
                        optional(set, slot.magnitude()),
                        optional(set, slot.bias()))));
    Map<String, HostTensor> replacements = new LinkedHashMap<>();
    set.whole().forEach((parameter, index) -> replacements.put(parameter, copy(set, index)));
    return PeftAdapter.of(name, config, deltas, replacements);
  }

  /** Takes over the numbers of an adapter that has the same tensors. */
  public static void restore(PeftAdapter adapter, TrainableSet set) {
    if (!adapter.deltas().keySet().equals(set.lowRank().keySet())
        || !adapter.replacements().keySet().equals(set.whole().keySet())) {
      throw new IllegalArgumentException(
          "training: expected an adapter of %d layers as configured, got one of %d"
              .formatted(set.lowRank().size(), adapter.deltas().size()));
    }
    adapter
        .deltas()
        .forEach(
            (module, delta) -> {
              LowRankSlot slot = Objects.requireNonNull(set.lowRank().get(module));
              restore(set, slot.a(), delta.a());
              restore(set, slot.b(), delta.b());
              delta.magnitude().ifPresent(m -> restore(set, slot.magnitude(), m));
              delta.bias().ifPresent(b -> restore(set, slot.bias(), b));
            });
    adapter
        .replacements()
        .forEach(
            (name, tensor) -> restore(set, Objects.requireNonNull(set.whole().get(name)), tensor));
  }

  private static void restore(TrainableSet set, int index, HostTensor source) {
    Trainable target = set.tensors().get(index);
    if (!source.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "training: %s: expected %s as configured, got %s"
              .formatted(target.name(), target.shape(), source.shape()));
    }
    System.arraycopy(source.toFloatArray(), 0, target.values(), 0, target.values().length);
  }

  private static Optional<HostTensor> optional(TrainableSet set, int index) {
    return index < 0 ? Optional.empty() : Optional.of(copy(set, index));
  }

  private static HostTensor copy(TrainableSet set, int index) {
    Trainable tensor = set.tensors().get(index);
    return HostTensor.of(tensor.values().clone(), tensor.shape().toArray());
  }
}
