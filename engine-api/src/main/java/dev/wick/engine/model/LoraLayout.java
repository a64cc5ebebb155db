package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the pool holds of an adapter: for each linear that all rows pass through, A, the transposed
 * B with the scale in it, and, where there are any, what is added in proportion to the base's
 * output (DoRA) and what is added at all (biases).
 */
final class LoraLayout {
  private final Engine engine;
  private final ForwardPass model;
  private final Map<String, Linear> linears = new LinkedHashMap<>();

  LoraLayout(Engine engine, ForwardPass model) {
    this.engine = engine;
    this.model = model;
    for (Linear linear : model.linears()) {
      if (!linear.routed()) {
        linears.put(linear.name(), linear);
      }
    }
  }

  /** Whether the pool holds the low-rank change of this name. */
  boolean holdsDelta(String name) {
    return linears.containsKey(name);
  }

  /** Whether the pool holds the replacement of this name. */
  boolean holdsReplacement(String name) {
    return name.endsWith(".bias") && linears.containsKey(linearOf(name));
  }

  private static String linearOf(String bias) {
    return bias.substring(0, bias.length() - ".bias".length());
  }

  /**
   * Room for an adapter.
   *
   * @throws IllegalArgumentException if it does not fit the model
   */
  LoraResident resident(Adapter adapter) {
    AdapterFit.check(adapter, model);
    LoraResident resident = new LoraResident(adapter);
    for (Linear linear : linears.values()) {
      LowRank delta = adapter.deltas().get(linear.name());
      boolean replacedBias = adapter.replacements().containsKey(linear.name() + ".bias");
      if (delta == null && !replacedBias) {
        continue;
      }
      boolean rescale = delta != null && delta.magnitude().isPresent();
      boolean bias = replacedBias || (delta != null && delta.bias().isPresent());
      int rank = delta == null ? 0 : delta.rank();
      resident.add(linear.name(), rank, linear.in(), linear.out(), rescale, bias);
    }
    return resident;
  }

  /** Writes an adapter's numbers. */
  void write(Adapter adapter, LoraResident resident, MemorySegment target) {
    for (String name : resident.targets()) {
      Linear linear = Objects.requireNonNull(linears.get(name), name);
      LowRank delta = adapter.deltas().get(name);
      LoraResident.Place place = resident.place(name);
      float[] rescale = new float[0];
      if (delta != null) {
        delta.a().toFloat(target.asSlice(4 * place.a(), 4 * delta.a().shape().size()));
        rescale = delta.magnitude().isPresent() ? rescale(linear, delta) : rescale;
        writeTransposed(delta, rescale, target, place.b());
      }
      if (place.rescale() >= 0) {
        for (int i = 0; i < rescale.length; i++) {
          set(target, place.rescale() + i, rescale[i] - 1);
        }
      }
      if (place.bias() >= 0) {
        HostTensor replacement = adapter.replacements().get(name + ".bias");
        writeBias(linear, delta, rescale, replacement, target, place.bias());
      }
    }
  }

  private static void writeTransposed(
      LowRank delta, float[] rescale, MemorySegment target, long start) {
    float[] b = delta.b().toFloatArray();
    int rank = delta.rank();
    int out = b.length / rank;
    for (int r = 0; r < rank; r++) {
      long row = start + (long) r * out;
      for (int i = 0; i < out; i++) {
        float factor = rescale.length == 0 ? delta.scale() : delta.scale() * rescale[i];
        set(target, row + i, factor * b[i * rank + r]);
      }
    }
  }

  private static void writeBias(
      Linear linear,
      @Nullable LowRank delta,
      float[] rescale,
      @Nullable HostTensor replacement,
      MemorySegment target,
      long start) {
    float[] sum = new float[(int) linear.out()];
    if (replacement != null) {
      float[] wanted = replacement.toFloatArray();
      float[] base = linear.bias().map(b -> b.tensor().toFloatArray()).orElse(sum.clone());
      for (int i = 0; i < sum.length; i++) {
        sum[i] = wanted[i] - base[i];
      }
    }
    if (delta != null && delta.bias().isPresent()) {
      float[] added = delta.bias().get().toFloatArray();
      for (int i = 0; i < sum.length; i++) {
        sum[i] += delta.scale() * (rescale.length == 0 ? 1 : rescale[i]) * added[i];
      }
    }
    MemorySegment.copy(sum, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * start, sum.length);
  }

  /** {@code m / ‖W + scale · B · A‖} per row, computed where the weight is. */
  private float[] rescale(Linear linear, LowRank delta) {
    float[] factors = delta.magnitude().orElseThrow().toFloatArray();
    try (TensorScope scope = engine.newScope()) {
      Tensor a = scope.tensor(delta.a().toFloatArray(), delta.rank(), linear.in());
      Tensor b = scope.tensor(delta.b().toFloatArray(), linear.out(), delta.rank());
      Expr change = b.matMul(a).mul(delta.scale());
      Expr weight = change.add(scope.adopt(linear.weight().tensor()).cast(DType.F32));
      Tensor norm = (Tensor) weight.unary(Unary.Kind.SQUARE).sum(-1).unary(Unary.Kind.SQRT);
      float[] norms = norm.toFloatArray();
      for (int i = 0; i < factors.length; i++) {
        factors[i] /= norms[i];
      }
      return factors;
    }
  }

  private static void set(MemorySegment target, long index, float value) {
    target.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, value);
  }
}
