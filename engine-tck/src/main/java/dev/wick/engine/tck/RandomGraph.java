package dev.wick.engine.tck;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A computation drawn at random: matrices [rows, columns] combined by operations and views, values
 * that live for long beside values that are dead at once. All numbers stay around 1, and only the
 * input decides what is chosen, so that roundings stay small.
 */
record RandomGraph(long seed, int rows, int columns, int steps) {
  /** Applies the computation; the same seed always builds the same. */
  List<Expr> apply(Expr x, Expr square) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Expr> values = new ArrayList<>(List.of(x));
    for (int step = 0; step < steps; step++) {
      Expr a = pick(random, values);
      Expr b = pick(random, values);
      Expr next = combine(random, a, b, x, square);
      values.add(next);
    }
    return values.subList(values.size() - 3, values.size());
  }

  /** Mostly a value from not long ago. */
  private static Expr pick(SplittableRandom random, List<Expr> values) {
    int back = random.nextInt(5) == 0 ? values.size() : Math.min(3, values.size());
    return values.get(values.size() - 1 - random.nextInt(back));
  }

  private Expr combine(SplittableRandom random, Expr a, Expr b, Expr x, Expr square) {
    int half = columns / 2;
    return switch (random.nextInt(13)) {
      case 0 -> a.add(b).unary(Unary.Kind.TANH);
      case 1 -> a.mul(b).unary(Unary.Kind.TANH);
      case 2 -> a.sub(b.mul(0.5)).unary(Unary.Kind.SIGMOID);
      case 3 -> a.matMul(square).mul(1.0 / columns);
      case 4 -> a.apply(new Binary(Binary.Kind.MAX), b.slice(0, 0, 1));
      case 5 -> a.softmax().add(b);
      case 6 -> a.apply(new RmsNorm(1e-3f), b.slice(0, rows - 1, rows).reshape(columns)).mul(0.3);
      case 7 -> a.apply(new SwiGlu(), b);
      case 8 ->
          Expr.apply(new Copy(1), List.of(a.slice(1, half, columns), b.slice(1, 0, half)))
              .getFirst();
      case 9 -> a.transpose(0, 1).contiguous().reshape(rows, columns);
      case 10 -> x.compare(Compare.Kind.GT, x.constant(0.1)).select(a, b.mean(1));
      case 11 -> a.gather(x.argMax(0).reshape(columns).slice(0, 0, 1)).reshape(1, columns).add(b);
      default -> a.topK(1).getFirst().broadcast(a.shape()).mul(0.25).add(b);
    };
  }
}
