package dev.wick.engine.model;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import java.util.Objects;
import java.util.Optional;

/**
 * A low-rank change of a linear {@code y = x · Wᵀ + c} (LoRA, Hu et al. 2021, arXiv:2106.09685):
 * {@code y += scale · (x · Aᵀ · Bᵀ + b)}. With a magnitude m it is weight-decomposed (DoRA, Liu et
 * al. 2024, arXiv:2402.09353): {@code y = m / ‖W + scale · B · A‖ · x · (W + scale · B · A)ᵀ + c},
 * the norm taken per row.
 *
 * <p>For a token embedding, in is the vocabulary and x · Aᵀ the column of A that a token names.
 *
 * @param a F32, F16 or BF16 [rank, in]
 * @param b F32, F16 or BF16 [out, rank]
 * @param scale factor, {@code alpha / rank} as a rule
 * @param magnitude m [out]
 * @param bias b [out]
 */
public record LowRank(
    HostTensor a,
    HostTensor b,
    float scale,
    Optional<HostTensor> magnitude,
    Optional<HostTensor> bias) {
  public LowRank {
    Objects.requireNonNull(magnitude, "magnitude");
    Objects.requireNonNull(bias, "bias");
    check(a.shape().rank() == 2 && b.shape().rank() == 2, "matrices", a, b);
    check(a.shape().extent(0) == b.shape().extent(1), "A [rank, in] and B [out, rank]", a, b);
    check(a.shape().extent(0) > 0, "a rank of at least 1", a, b);
    checkFloat(a);
    checkFloat(b);
    long out = b.shape().extent(0);
    magnitude.ifPresent(m -> checkVector(m, out));
    bias.ifPresent(vector -> checkVector(vector, out));
  }

  /** A change without magnitude and bias. */
  public LowRank(HostTensor a, HostTensor b, float scale) {
    this(a, b, scale, Optional.empty(), Optional.empty());
  }

  private static void check(boolean holds, String expected, HostTensor a, HostTensor b) {
    if (!holds) {
      throw new IllegalArgumentException(
          "adapter: expected %s, got A %s and B %s".formatted(expected, a.spec(), b.spec()));
    }
  }

  private static void checkFloat(HostTensor tensor) {
    DType type = tensor.spec().dtype();
    if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
      throw new IllegalArgumentException(
          "adapter: expected F32, F16 or BF16, got " + tensor.spec());
    }
  }

  private static void checkVector(HostTensor vector, long length) {
    checkFloat(vector);
    if (vector.shape().rank() != 1 || vector.shape().extent(0) != length) {
      throw new IllegalArgumentException(
          "adapter: expected a vector of %d, got %s".formatted(length, vector.spec()));
    }
  }

  /** The rank. */
  public int rank() {
    return Math.toIntExact(a.shape().extent(0));
  }

  /** Width of the linear's input. */
  public long in() {
    return a.shape().extent(1);
  }

  /** Width of the linear's output. */
  public long out() {
    return b.shape().extent(0);
  }

  long byteSize() {
    return a.spec().byteSize()
        + b.spec().byteSize()
        + magnitude.map(m -> m.spec().byteSize()).orElse(0L)
        + bias.map(vector -> vector.spec().byteSize()).orElse(0L);
  }
}
