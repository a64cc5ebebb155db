package dev.wick.lora.merge;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.name.ModuleNames;
import dev.wick.lora.name.ParameterPlaces;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What adapters change in each tensor of a checkpoint. */
final class MergePlan {
  private final String location;
  private final ParameterPlaces base;
  private final Map<String, Change> changes = new LinkedHashMap<>();

  /** What is to be done to a parameter. */
  static final class Change {
    private final ParameterPlaces.Place place;
    private final boolean embedding;
    private Optional<HostTensor> replacement = Optional.empty();
    private final List<Share<LowRank>> deltas = new ArrayList<>();
    private final List<Share<HostTensor>> replacedBiases = new ArrayList<>();
    private final List<Share<LowRank>> addedBiases = new ArrayList<>();

    Change(ParameterPlaces.Place place, boolean embedding) {
      this.place = place;
      this.embedding = embedding;
    }

    ParameterPlaces.Place place() {
      return place;
    }

    /** The rows of a matrix, or the one row of a vector. */
    Rows rows(HostTensor original) {
      HostTensor from = replacement.orElse(original);
      if (from.shape().rank() != 2) {
        float[] sum = vector(from);
        return (index, target) -> System.arraycopy(sum, 0, target, 0, sum.length);
      }
      MatrixMerge merge = embedding ? MatrixMerge.ofEmbedding(from) : MatrixMerge.ofLinear(from);
      deltas.forEach(delta -> merge.add(delta.value(), delta.weight()));
      return merge::row;
    }

    private float[] vector(HostTensor from) {
      float[] original = from.toFloatArray();
      float[] sum = original.clone();
      for (Share<HostTensor> replaced : replacedBiases) {
        float[] values = replaced.value().toFloatArray();
        for (int i = 0; i < sum.length; i++) {
          sum[i] += replaced.weight() * (values[i] - original[i]);
        }
      }
      for (Share<LowRank> added : addedBiases) {
        float[] values = added.value().bias().orElseThrow().toFloatArray();
        for (int i = 0; i < sum.length; i++) {
          sum[i] += added.weight() * added.value().scale() * values[i];
        }
      }
      return sum;
    }
  }

  private record Share<T>(T value, float weight) {}

  /** Produces rows of a result. */
  @FunctionalInterface
  interface Rows {
    void row(long index, float[] target);
  }

  MergePlan(String location, ParameterPlaces base, List<AdapterUse> uses) throws IOException {
    this.location = location;
    this.base = base;
    for (AdapterUse use : uses) {
      for (Map.Entry<String, HostTensor> entry : use.adapter().replacements().entrySet()) {
        replace(use, entry.getKey(), entry.getValue());
      }
      for (Map.Entry<String, LowRank> entry : use.adapter().deltas().entrySet()) {
        add(use, entry.getKey(), entry.getValue());
      }
    }
  }

  private void replace(AdapterUse use, String parameter, HostTensor tensor) throws IOException {
    Change change = change(use.adapter(), parameter);
    if (!change.place.spec().shape().equals(tensor.shape())) {
      throw misfit(
          use.adapter(), parameter, change.place.spec().toString(), tensor.spec().toString());
    }
    if (parameter.endsWith(".bias")) {
      change.replacedBiases.add(new Share<>(tensor, use.weight()));
    } else if (change.replacement.isEmpty()) {
      change.replacement = Optional.of(tensor);
    } else {
      throw new IOException(
          "%s: expected at most one adapter that replaces %s, got %s as another"
              .formatted(location, parameter, use.adapter().name()));
    }
  }

  private void add(AdapterUse use, String module, LowRank delta) throws IOException {
    Change change = change(use.adapter(), module + ".weight");
    long rows = change.embedding ? delta.in() : delta.out();
    long columns = change.embedding ? delta.out() : delta.in();
    if (change.place.spec().shape().rank() != 2
        || change.place.spec().shape().extent(0) != rows
        || change.place.spec().shape().extent(1) != columns) {
      throw misfit(
          use.adapter(),
          module,
          change.place.spec().toString(),
          "A %s and B %s".formatted(delta.a().spec(), delta.b().spec()));
    }
    change.deltas.add(new Share<>(delta, use.weight()));
    if (delta.bias().isPresent()) {
      change(use.adapter(), module + ".bias").addedBiases.add(new Share<>(delta, use.weight()));
    }
  }

  private Change change(Adapter adapter, String parameter) throws IOException {
    Change known = changes.get(parameter);
    if (known == null) {
      ParameterPlaces.Place place =
          base.place(parameter)
              .orElseThrow(
                  () ->
                      new IOException(
                          "%s: expected a parameter %s, which adapter %s changes, got none"
                              .formatted(location, parameter, adapter.name())));
      known = new Change(place, isEmbedding(parameter));
      changes.put(parameter, known);
    }
    return known;
  }

  private static boolean isEmbedding(String parameter) {
    return parameter.endsWith(".weight")
        && ModuleNames.isEmbedding(parameter.substring(0, parameter.length() - ".weight".length()));
  }

  private IOException misfit(Adapter adapter, String name, String expected, String got) {
    return new IOException(
        "%s: expected an adapter for %s of %s, got %s of %s"
            .formatted(location, expected, name, got, adapter.name()));
  }

  /** The changes inside a tensor of the checkpoint by the place where they begin. */
  SortedMap<Long, Change> of(String tensor) {
    SortedMap<Long, Change> inside = new TreeMap<>();
    for (Change change : changes.values()) {
      if (change.place.tensor().equals(tensor) && !change.place.isTied()) {
        inside.put(change.place.begin(), change);
      }
    }
    return inside;
  }

  /**
   * Whether embedding and output layer, one tensor in the checkpoint, become two: whoever changes
   * one of them alone means that one.
   */
  boolean unties() {
    return base.isTied() && (changes.containsKey(ParameterPlaces.HEAD) || changesEmbedding());
  }

  private boolean changesEmbedding() {
    return changes.values().stream().anyMatch(change -> change.embedding);
  }

  /** The change of the output layer. */
  Optional<Change> head() {
    return Optional.ofNullable(changes.get(ParameterPlaces.HEAD));
  }
}
