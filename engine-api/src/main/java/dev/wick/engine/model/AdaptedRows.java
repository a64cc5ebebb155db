package dev.wick.engine.model;

import dev.wick.engine.Tensor;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model as the rows of a step see them: the base's, those that adapters replace,
 * and what adapters add.
 */
final class AdaptedRows {
  /** Rows without adapters. */
  static final AdaptedRows NONE = new AdaptedRows(AdapterShape.NONE, null, List.of());

  private final AdapterShape shape;
  private final @Nullable Pooled pooled;
  private final List<Expr> shares;

  /**
   * Rows with adapters.
   *
   * @param shares how much of each variant a row uses, F32 [rows, 1]
   */
  AdaptedRows(AdapterShape shape, @Nullable Pooled pooled, List<Expr> shares) {
    this.shape = shape;
    this.pooled = pooled;
    this.shares = shares;
  }

  /** Applies a linear layer: [rows, in] to [rows, out]. */
  Expr linear(Linear layer, Expr x) {
    return linears(List.of(layer), x).getFirst();
  }

  /**
   * Applies linear layers to the same rows: first all products, then what adapters add to them, so
   * that a backend finds both side by side, then the biases.
   */
  List<Expr> linears(List<Linear> layers, Expr x) {
    List<Expr> results = new ArrayList<>();
    layers.forEach(layer -> results.add(product(layer, x)));
    for (int i = 0; i < layers.size(); i++) {
      results.set(i, adapted(layers.get(i), x, results.get(i)));
    }
    for (int i = 0; i < layers.size(); i++) {
      Optional<Parameter> bias = layers.get(i).bias();
      if (bias.isPresent()) {
        results.set(i, results.get(i).add(bias.get().tensor()));
      }
    }
    return results;
  }

  private Expr product(Linear layer, Expr x) {
    return replaced(weightOf(layer), layer.weight().tensor(), x::linear);
  }

  /** A product with what adapters add to it. */
  private Expr adapted(Linear layer, Expr x, Expr product) {
    Expr y = product;
    if (pooled != null && pooled.places.containsKey(layer.name())) {
      LoraMatMul op = new LoraMatMul(pooled.maxRank);
      Expr places = pooled.places.get(layer.name());
      List<Expr> operands = List.of(x, y, pooled.numbers, pooled.segments, places, pooled.weights);
      y = Expr.apply(op, operands).getFirst();
    }
    return y;
  }

  /** Rows of an embedding: tokens I32 [rows] to F32 [rows, hidden]. */
  Expr embed(Parameter table, Expr tokens) {
    Expr x =
        replaced(table.name(), table.tensor(), weight -> weight.gather(tokens).cast(DType.F32));
    String name = table.name().substring(0, table.name().length() - ".weight".length());
    for (int v = 0; v < shape.variants().size(); v++) {
      Optional<AdapterVariant.Delta> delta = shape.variants().get(v).delta(name);
      if (delta.isPresent()) {
        Expr low = delta.get().a().transpose(0, 1).gather(tokens); // [rows, rank]
        x = x.add(low.matMul(delta.get().b().transpose(0, 1)).mul(shares.get(v)));
      }
    }
    return x;
  }

  /** Root-mean-square norm along the last axis of [rows, ...]. */
  Expr rmsNorm(Expr x, Parameter weight, float eps) {
    return replaced(weight.name(), weight.tensor(), w -> x.rmsNorm(w, eps));
  }

  /** Applies routed layers: x [rows, slots or 1, in] and chosen [rows, slots]. */
  Expr experts(List<Linear> layers, Expr x, Expr chosen) {
    Expr y =
        replaced(
            variant -> replacesAny(variant, layers),
            variant -> experts(x, chosen, weights(layers, variant)));
    for (int v = 0; v < shape.variants().size(); v++) {
      AdapterVariant variant = shape.variants().get(v);
      if (layers.stream().anyMatch(layer -> variant.delta(layer.name()).isPresent())) {
        List<AdapterVariant.Delta> deltas = layers.stream().map(variant::deltaOrZero).toList();
        Expr low = experts(x, chosen, deltas.stream().map(AdapterVariant.Delta::a).toList());
        Expr added = experts(low, chosen, deltas.stream().map(AdapterVariant.Delta::b).toList());
        y = y.add(added.mul(column(shares.get(v), added)));
      }
    }
    return y;
  }

  private static List<Tensor> weights(List<Linear> layers, Optional<AdapterVariant> variant) {
    List<Tensor> weights = new ArrayList<>();
    for (Linear layer : layers) {
      weights.add(
          variant.flatMap(its -> its.replacement(weightOf(layer))).orElse(layer.weight().tensor()));
    }
    return weights;
  }

  private static boolean replacesAny(AdapterVariant variant, List<Linear> layers) {
    return layers.stream().anyMatch(layer -> variant.replacement(weightOf(layer)).isPresent());
  }

  private static String weightOf(Linear layer) {
    return layer.name() + ".weight";
  }

  private static Expr experts(Expr x, Expr chosen, List<Tensor> weights) {
    List<Expr> operands = new ArrayList<>(weights.size() + 2);
    operands.add(x);
    operands.add(chosen);
    operands.addAll(weights);
    return Expr.apply(new ExpertMatMul(), operands).getFirst();
  }

  /** What a weight gives, per row the base's or that of the variant which replaces it. */
  private Expr replaced(String name, Tensor base, Function<Tensor, Expr> use) {
    return replaced(
        variant -> variant.replacement(name).isPresent(),
        variant -> use.apply(variant.flatMap(its -> its.replacement(name)).orElse(base)));
  }

  private Expr replaced(
      Predicate<AdapterVariant> replaces, Function<Optional<AdapterVariant>, Expr> use) {
    List<AdapterVariant> variants = shape.variants();
    if (shape.uniform() && replaces.test(variants.getFirst())) {
      return use.apply(Optional.of(variants.getFirst()));
    }
    Expr y = use.apply(Optional.empty());
    for (int v = 0; v < variants.size(); v++) {
      if (replaces.test(variants.get(v))) {
        Expr share = column(shares.get(v), y);
        Expr its = use.apply(Optional.of(variants.get(v)));
        y = share.compare(Compare.Kind.NE, share.constant(0)).select(its, y);
      }
    }
    return y;
  }

  /** [rows, 1] with as many axes as another value. */
  private static Expr column(Expr share, Expr other) {
    long[] extents = new long[other.shape().rank()];
    Arrays.fill(extents, 1);
    extents[0] = share.extent(0);
    return share.reshape(extents);
  }

  /**
   * Adapters in the pool.
   *
   * @param places by the name of the linear, as {@link LoraMatMul} describes them
   */
  record Pooled(
      Tensor numbers, int maxRank, Map<String, Expr> places, Expr segments, Expr weights) {}
}
