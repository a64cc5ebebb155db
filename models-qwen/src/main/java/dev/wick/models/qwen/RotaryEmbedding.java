package dev.wick.models.qwen;

import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;

/**
 * Angles of the rotary position embedding (RoFormer, Su et al. 2021, arXiv:2104.09864).
 *
 * <p>Frequencies are computed in the order and precision of the transformers library
 * (modeling_rope_utils.py), since at far positions a last bit of a frequency is a visible angle.
 */
final class RotaryEmbedding {
  private final Tensor inverseFrequencies;
  private final double attentionFactor;

  private RotaryEmbedding(Tensor inverseFrequencies, double attentionFactor) {
    this.inverseFrequencies = inverseFrequencies;
    this.attentionFactor = attentionFactor;
  }

  static RotaryEmbedding of(RopeConfig config, int headDim, TensorScope scope) {
    float[] frequencies = inverseFrequencies(config, headDim);
    double attentionFactor =
        config.scaling() instanceof RopeConfig.Scaling.Yarn yarn ? yarn.attentionFactor() : 1;
    return new RotaryEmbedding(scope.tensor(frequencies, frequencies.length), attentionFactor);
  }

  /** Radians per position for each pair of channels [headDim / 2]. */
  static float[] inverseFrequencies(RopeConfig config, int headDim) {
    float[] periods = new float[headDim / 2];
    for (int i = 0; i < periods.length; i++) {
      float exponent = (float) (2 * i) / headDim;
      periods[i] = (float) Math.pow(config.ropeTheta(), exponent);
    }
    return switch (config.scaling()) {
      case RopeConfig.Scaling.None none -> divided(periods, 1);
      case RopeConfig.Scaling.Linear linear -> {
        float[] frequencies = divided(periods, 1);
        for (int i = 0; i < frequencies.length; i++) {
          frequencies[i] /= (float) linear.factor();
        }
        yield frequencies;
      }
      case RopeConfig.Scaling.Yarn yarn -> blended(periods, config.ropeTheta(), headDim, yarn);
    };
  }

  private static float[] divided(float[] periods, double factor) {
    float[] frequencies = new float[periods.length];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = 1 / ((float) factor * periods[i]);
    }
    return frequencies;
  }

  /** Fast channels keep their frequency, slow ones are divided, those between are blended. */
  private static float[] blended(
      float[] periods, double theta, int headDim, RopeConfig.Scaling.Yarn yarn) {
    double low = channel(yarn.betaFast(), theta, headDim, yarn.originalMaxPositionEmbeddings());
    double high = channel(yarn.betaSlow(), theta, headDim, yarn.originalMaxPositionEmbeddings());
    if (yarn.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headDim - 1.0);
    if (low == high) {
      high += 0.001; // as the reference does, against a division by zero
    }
    float[] kept = divided(periods, 1);
    float[] slowed = divided(periods, yarn.factor());
    float[] frequencies = new float[periods.length];
    for (int i = 0; i < frequencies.length; i++) {
      float ramp = (i - (float) low) / (float) (high - low);
      float keep = 1 - Math.clamp(ramp, 0f, 1f);
      frequencies[i] = slowed[i] * (1 - keep) + kept[i] * keep;
    }
    return frequencies;
  }

  /** The channel that turns {@code rotations} times within the training length. */
  private static double channel(double rotations, double theta, int headDim, int length) {
    return headDim * Math.log(length / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  /** Cosines and sines for positions I32 [tokens]: each F32 [tokens, headDim / 2]. */
  Angles at(Expr positions) {
    Expr column = positions.cast(DType.F32).reshape(positions.extent(0), 1);
    Expr angles = column.mul(inverseFrequencies);
    Expr cos = angles.unary(Unary.Kind.COS);
    Expr sin = angles.unary(Unary.Kind.SIN);
    return attentionFactor == 1
        ? new Angles(cos, sin)
        : new Angles(cos.mul(attentionFactor), sin.mul(attentionFactor));
  }

  /** Factors of the rotation, each F32 [tokens, headDim / 2]. */
  record Angles(Expr cos, Expr sin) {}
}
