package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.OptionalInt;

/**
 * Adds to the output of a linear layer what low-rank adapters contribute (LoRA, Hu et al. 2021,
 * arXiv:2106.09685), where rows of one ragged batch use different adapters, several or none
 * (Punica, Chen et al. 2023, arXiv:2310.18547; S-LoRA, Sheng et al. 2023, arXiv:2311.03285).
 *
 * <p>The numbers of all adapters lie in one pool. A <em>use</em> is an adapter on a run of rows;
 * the runs of several uses may overlap. To every row t of its run a use adds
 *
 * <pre>weight · ((x[t] · Aᵀ) · Bᵀ + rescale ⊙ base[t] + bias)</pre>
 *
 * where {@code base[t]} is the row before any use, whatever other uses add to it. A is [rank, in]
 * and the transposed B [rank, out], both row-major; the scale of the adapter and the magnitudes of
 * DoRA (Liu et al. 2024, arXiv:2402.09353) are folded into B and rescale by who writes the pool.
 *
 * <p>Operands: x F32 [tokens, in]; base F32 [tokens, out], which is changed in place and is the
 * result; pool F32 [n], n at least 1; segments I32 [uses, 2], first row and number of rows, 0 for a
 * use that there is not; places I32 [uses, 5], the offsets of A and of the transposed B, the rank,
 * and the offsets of rescale [out] and bias [out] or -1 without; weights F32 [uses]. Offsets count
 * {@value #UNIT} floats. Rank 0 has neither A nor B.
 *
 * <p>A rank above {@code maxRank} or a place outside the pool is an error when the operation runs,
 * unless the use has no rows; a kernel may find rows outside the batch an error too.
 *
 * @param maxRank largest rank of a use
 */
public record LoraMatMul(int maxRank) implements FusedOp {
  /** Floats of the pool by which offsets count: places are aligned to 64 bytes. */
  public static final int UNIT = 16;

  public LoraMatMul {
    if (maxRank < 0) {
      throw new IllegalArgumentException(
          "lora_mat_mul: expected a largest rank of at least 0, got " + maxRank);
    }
  }

  @Override
  public String name() {
    return "lora_mat_mul";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 6);
    for (int i = 0; i < 6; i++) {
      Operands.dtype(this, operands, i, i == 3 || i == 4 ? DType.I32 : DType.F32);
      Operands.rank(this, operands, i, i == 2 || i == 5 ? 1 : 2);
    }
    Operands.check(
        this,
        operands,
        operands.get(0).shape().extent(0) == operands.get(1).shape().extent(0),
        "x of [tokens, in] and base of [tokens, out]");
    Operands.check(
        this, operands, operands.get(2).shape().extent(0) > 0, "a pool of at least one number");
    long uses = operands.get(5).shape().extent(0);
    Operands.check(
        this,
        operands,
        operands.get(3).shape().equals(Shape.of(uses, 2))
            && operands.get(4).shape().equals(Shape.of(uses, 5)),
        "segments of [uses, 2], places of [uses, 5] and weights of [uses]");
    return List.of(operands.get(1));
  }

  @Override
  public OptionalInt inPlaceOperand() {
    return OptionalInt.of(1);
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr base = operands.get(1);
    Expr pool = operands.get(2);
    Expr segments = operands.get(3);
    Expr places = operands.get(4);
    long tokens = base.extent(0);
    long out = base.extent(1);
    long uses = segments.extent(0);
    if (uses == 0 || tokens == 0 || out == 0) {
      return List.of(base);
    }
    Expr first = segments.slice(1, 0, 1); // [uses, 1]
    Expr rows = segments.slice(1, 1, 2);
    Expr token = base.range(tokens);
    Expr here =
        both( // [uses, tokens]
            token.compare(Compare.Kind.GE, first), token.compare(Compare.Kind.LT, first.add(rows)));
    Expr used = rows.compare(Compare.Kind.GT, rows.constant(0));
    Expr zero = base.constant(0);

    Expr rescaleAt = places.slice(1, 3, 4);
    Expr biasAt = places.slice(1, 4, 5);
    Expr rescales = both(used, rescaleAt.compare(Compare.Kind.NE, rows.constant(-1)));
    Expr biases = both(used, biasAt.compare(Compare.Kind.NE, rows.constant(-1)));
    Expr rescale = read(pool, rescaleAt, rescales, out).mul(base); // [uses, tokens, out]
    Expr bias = read(pool, biasAt, biases, out); // [uses, 1, out]
    Expr delta = column(rescales).select(rescale, zero).add(column(biases).select(bias, zero));
    if (maxRank > 0 && x.extent(1) > 0) {
      Expr rank = places.slice(1, 2, 3);
      // No place of the pool is below 0, so that a rank too large fails as a wrong place does.
      Expr highest =
          rank.compare(Compare.Kind.LE, rank.constant(maxRank))
              .select(rank.constant(Integer.MAX_VALUE), rank.constant(-1));
      Expr present = both(used, base.range(maxRank).compare(Compare.Kind.LT, rank));
      Expr a = read(pool, highest(places.slice(1, 0, 1), highest), present, x.extent(1));
      Expr b = read(pool, highest(places.slice(1, 1, 2), highest), present, out);
      Expr low = x.matMul(a.transpose(1, 2)); // [uses, tokens, maxRank]
      low = present.reshape(uses, 1, maxRank).select(low, zero);
      delta = delta.add(low.matMul(column(present).select(b, zero)));
    }
    delta = delta.mul(operands.get(5).reshape(uses, 1, 1));
    delta = column(here).select(delta, zero).sum(0).reshape(tokens, out);
    return Expr.apply(new Scatter(Scatter.Mode.SET), List.of(base, token, base.add(delta)));
  }

  private static Expr highest(Expr place, Expr highest) {
    return place.apply(new Binary(Binary.Kind.MIN), highest);
  }

  private static Expr both(Expr a, Expr b) {
    Expr product = a.cast(DType.I32).mul(b.cast(DType.I32));
    return product.compare(Compare.Kind.NE, product.constant(0));
  }

  private static Expr column(Expr x) {
    return x.reshape(x.extent(0), x.extent(1), 1);
  }

  /**
   * Rows that follow each other in the pool.
   *
   * @param place I32 [uses, 1]
   * @param present BOOL [uses, rows]; of others, any numbers are read
   * @return [uses, rows, extent]
   */
  private static Expr read(Expr pool, Expr place, Expr present, long extent) {
    long uses = present.extent(0);
    long rows = present.extent(1);
    long numbers = pool.extent(0);
    int step = extent % UNIT == 0 && numbers % UNIT == 0 ? UNIT : 1; // fewer indices if possible
    long steps = extent / step;
    Expr row = place.range(rows).mul((double) steps).reshape(1, rows, 1);
    Expr index = place.mul((double) UNIT / step).reshape(uses, 1, 1);
    index = index.add(row).add(place.range(steps));
    index = column(present).select(index, place.constant(0));
    Expr table = pool.reshape(numbers / step, step);
    return table.gather(index).reshape(uses, rows, extent);
  }
}
