package dev.wick.lora.training.program;

import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;

/**
 * Dropout on the inputs of low-rank paths (Srivastava et al. 2014), as PEFT has it: each path drops
 * for itself. What is kept is an input of the program, drawn anew for each run.
 */
final class Dropout {
  private final double probability;
  private final String suffix;
  private final BiFunction<String, TensorSpec, Expr> declare;
  private final Map<String, Expr> masks = new LinkedHashMap<>();

  /**
   * Dropout that declares its masks as inputs.
   *
   * @param suffix tells the masks of one part of the program from those of others
   * @param declare makes an input of a name and spec
   */
  Dropout(double probability, String suffix, BiFunction<String, TensorSpec, Expr> declare) {
    this.probability = probability;
    this.suffix = suffix;
    this.declare = declare;
  }

  boolean isActive() {
    return probability > 0;
  }

  /** What a path gets to see; the same mask for one layer however often it is asked for. */
  Expr apply(String layer, Expr x) {
    if (!isActive()) {
      return x;
    }
    Expr mask =
        masks.computeIfAbsent(
            layer + suffix, name -> declare.apply(name, new TensorSpec(DType.BOOL, x.shape())));
    return mask.select(x.mul(1 / (1 - probability)), x.constant(0));
  }

  /** Draws a mask: a 1 with the probability of being kept. */
  static byte[] draw(Shape shape, double probability, SplittableRandom random) {
    byte[] mask = new byte[Math.toIntExact(shape.size())];
    int threshold = (int) Math.round(probability * (1 << 16));
    long bits = 0;
    for (int i = 0; i < mask.length; i++) {
      if ((i & 3) == 0) {
        bits = random.nextLong();
      }
      mask[i] = (byte) ((int) (bits & 0xffff) >= threshold ? 1 : 0);
      bits >>>= 16;
    }
    return mask;
  }
}
