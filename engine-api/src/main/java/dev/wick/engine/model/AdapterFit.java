package dev.wick.engine.model;

import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether an adapter was made for a model: every tensor of it has its place, of its shape. */
public final class AdapterFit {
  private AdapterFit() {}

  /**
   * Checks an adapter against a model.
   *
   * @throws IllegalArgumentException if it does not fit, naming each tensor with both shapes
   */
  public static void check(Adapter adapter, ForwardPass model) {
    List<String> mismatches = mismatches(adapter, model);
    if (!mismatches.isEmpty()) {
      throw new IllegalArgumentException(
          "adapter %s: expected an adapter of this model, got %d tensors that do not fit:%n  %s"
              .formatted(adapter.name(), mismatches.size(), String.join("\n  ", mismatches)));
    }
  }

  /** What does not fit, a line each with both shapes; empty if all does. */
  public static List<String> mismatches(Adapter adapter, ForwardPass model) {
    Map<String, Shape> shapes = new HashMap<>();
    for (Parameter parameter : model.parameters()) {
      shapes.put(parameter.name(), parameter.tensor().shape());
    }
    for (Linear linear : model.linears()) {
      // A linear with a tied weight has no parameter of its own name; one without bias may get one.
      shapes.put(linear.name() + ".weight", linear.weight().tensor().shape());
      shapes.put(linear.name() + ".bias", Shape.of(linear.out()));
    }
    List<String> mismatches = new ArrayList<>();
    adapter.deltas().forEach((name, delta) -> check(name, delta, shapes, model, mismatches));
    adapter.replacements().forEach((name, tensor) -> check(name, tensor, shapes, mismatches));
    mismatches.sort(null);
    return mismatches;
  }

  private static void check(
      String name,
      LowRank delta,
      Map<String, Shape> shapes,
      ForwardPass model,
      List<String> mismatches) {
    Shape weight = shapes.get(name + ".weight");
    if (weight == null || weight.rank() != 2) {
      mismatches.add(
          "%s: expected the name of a linear layer, got one that the model does not have"
              .formatted(name));
      return;
    }
    boolean linear = model.linears().stream().anyMatch(layer -> layer.name().equals(name));
    long in = weight.extent(linear ? 1 : 0);
    long out = weight.extent(linear ? 0 : 1);
    if (delta.in() != in || delta.out() != out) {
      mismatches.add(
          "%s: expected A [%d, %d] and B [%d, %d], got A %s and B %s"
              .formatted(
                  name, delta.rank(), in, out, delta.rank(), delta.a().shape(), delta.b().shape()));
    }
    if (!linear && (delta.magnitude().isPresent() || delta.bias().isPresent())) {
      mismatches.add(
          "%s: expected A and B only on an embedding, got a magnitude or a bias".formatted(name));
    }
  }

  private static void check(
      String name, HostTensor tensor, Map<String, Shape> shapes, List<String> mismatches) {
    Shape expected = shapes.get(name);
    if (expected == null) {
      mismatches.add(
          "%s: expected the name of a parameter, got one that the model does not have"
              .formatted(name));
    } else if (!expected.equals(tensor.shape())) {
      mismatches.add("%s: expected %s, got %s".formatted(name, expected, tensor.shape()));
    }
  }
}
