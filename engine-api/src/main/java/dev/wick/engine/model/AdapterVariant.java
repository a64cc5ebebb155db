package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of an adapter cannot lie in the pool, as tensors that become constants of the programs that
 * use it: whole weights, and low-rank changes of the embedding and of routed linears.
 */
final class AdapterVariant implements AutoCloseable {
  private final Adapter adapter;
  private final TensorScope scope;
  private final Map<String, Tensor> replacements = new HashMap<>();
  private final Map<String, Delta> deltas = new HashMap<>();
  private final Map<Shape, Tensor> zeros = new HashMap<>();
  private final int maxRank;

  AdapterVariant(Engine engine, LoraLayout pooled, Adapter adapter) {
    this.adapter = adapter;
    this.scope = engine.newScope();
    this.maxRank = adapter.deltas().values().stream().mapToInt(LowRank::rank).max().orElse(0);
    try {
      adapter
          .replacements()
          .forEach(
              (name, tensor) -> {
                if (!pooled.holdsReplacement(name)) {
                  replacements.put(name, tensor(engine, tensor));
                }
              });
      adapter
          .deltas()
          .forEach(
              (name, delta) -> {
                if (!pooled.holdsDelta(name)) {
                  deltas.put(name, new Delta(padded(delta), scaled(delta)));
                }
              });
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  /** Whether an adapter has such parts. */
  static boolean isNeeded(LoraLayout pooled, Adapter adapter) {
    for (String name : adapter.replacements().keySet()) {
      if (!pooled.holdsReplacement(name)) {
        return true;
      }
    }
    for (String name : adapter.deltas().keySet()) {
      if (!pooled.holdsDelta(name)) {
        return true;
      }
    }
    return false;
  }

  boolean holds(Adapter other) {
    return adapter == other;
  }

  /** The tensor that takes the place of a parameter. */
  Optional<Tensor> replacement(String parameter) {
    return Optional.ofNullable(replacements.get(parameter));
  }

  /** The change of an embedding or a routed linear. */
  Optional<Delta> delta(String name) {
    return Optional.ofNullable(deltas.get(name));
  }

  /** The change of a routed linear, zeros if there is none. */
  Delta deltaOrZero(Linear linear) {
    return delta(linear.name())
        .orElseGet(
            () ->
                new Delta(
                    zero(Shape.of(maxRank, linear.in())), zero(Shape.of(linear.out(), maxRank))));
  }

  private Tensor zero(Shape shape) {
    return zeros.computeIfAbsent(shape, missing -> scope.zeros(DType.F32, missing));
  }

  private Tensor tensor(Engine engine, HostTensor tensor) {
    TensorSpec spec = tensor.spec();
    if (spec.shape().rank() == 2) {
      TensorSpec row = TensorSpec.of(DType.F32, 1, spec.shape().extent(1));
      TensorSpec transposed =
          TensorSpec.of(spec.dtype(), spec.shape().extent(1), spec.shape().extent(0));
      if (engine.device().supports(new MatMul(), List.of(row, transposed))) {
        return scope.tensor(tensor.data(), spec);
      }
    }
    return scope.tensor(tensor.toFloatArray(), spec.shape().toArray());
  }

  /** A [maxRank, in], zeros below its own rank, so that all experts have one shape. */
  private Tensor padded(LowRank delta) {
    int in = Math.toIntExact(delta.in());
    float[] a = delta.a().toFloatArray();
    float[] result = new float[maxRank * in];
    System.arraycopy(a, 0, result, 0, a.length);
    return scope.tensor(result, maxRank, in);
  }

  /** B [out, maxRank], times the scale. */
  private Tensor scaled(LowRank delta) {
    int out = Math.toIntExact(delta.out());
    int rank = delta.rank();
    float[] b = delta.b().toFloatArray();
    float[] result = new float[out * maxRank];
    for (int i = 0; i < out; i++) {
      for (int r = 0; r < rank; r++) {
        result[i * maxRank + r] = delta.scale() * b[i * rank + r];
      }
    }
    return scope.tensor(result, out, maxRank);
  }

  @Override
  public void close() {
    scope.close();
  }

  /**
   * A low-rank change on the device.
   *
   * @param a F32 [rank, in]
   * @param b F32 [out, rank], the scale in it
   */
  record Delta(Tensor a, Tensor b) {}
}
