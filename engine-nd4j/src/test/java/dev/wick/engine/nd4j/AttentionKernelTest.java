package dev.wick.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.PagedAttention;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the conformance kit's short sequences do not reach. */
class AttentionKernelTest {
  private static final int BLOCK_SIZE = 16;
  private static final int HEADS = 8;
  private static final int KV_HEADS = 2;
  private static final int HEAD_DIM = 8;

  /** Of so many tokens, the query rows of a head group fill more than two tiles. */
  private static final int TOKENS = 300;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100})
  void pagedAttention_promptOfSeveralTiles_equalsItsDecomposition(int window) {
    PagedAttention op = new PagedAttention(0.3f, window);

    float[] fused = attend(FallbackMode.REQUIRE_FUSED, op, 0);
    float[] decomposed = attend(FallbackMode.DECOMPOSE_ALL, op, 0);

    assertThat(fused).hasSameSizeAs(decomposed);
    for (int i = 0; i < fused.length; i++) {
      assertThat(fused[i]).as("element " + i).isCloseTo(decomposed[i], within(1e-5f));
    }
  }

  @Test
  void pagedAttention_blockOutsideOfTheCache_throws() {
    PagedAttention op = new PagedAttention(1, 0);

    assertThatThrownBy(() -> attend(FallbackMode.REQUIRE_FUSED, op, 1000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("paged_attention: expected blocks in 0..37, got 1000");
  }

  /** Two sequences of one step, of which the second has a past; the last block is as given. */
  private static float[] attend(FallbackMode mode, PagedAttention op, int lastBlock) {
    Random random = new Random(7);
    int width = 19;
    int blocks = 2 * width;
    int second = 40;
    try (Engine engine = Engine.open("nd4j", mode);
        TensorScope scope = engine.newScope()) {
      int[] table = IntStream.range(0, blocks).map(i -> blocks - 1 - i).toArray();
      table[blocks - 1] = lastBlock;
      int[] sequence = IntStream.range(0, TOKENS).map(i -> i < TOKENS - second ? 0 : 1).toArray();
      int[] position =
          IntStream.range(0, TOKENS)
              .map(i -> sequence[i] == 0 ? i : width * BLOCK_SIZE - TOKENS + i)
              .toArray();
      Expr result =
          Expr.apply(
                  op,
                  List.of(
                      normal(scope, random, TOKENS, HEADS, HEAD_DIM),
                      normal(scope, random, blocks, BLOCK_SIZE, KV_HEADS, HEAD_DIM),
                      normal(scope, random, blocks, BLOCK_SIZE, KV_HEADS, HEAD_DIM),
                      scope.tensor(table, 2, width),
                      scope.tensor(sequence, TOKENS),
                      scope.tensor(position, TOKENS)))
              .getFirst();
      return ((Tensor) result).toFloatArray();
    }
  }

  private static Tensor normal(TensorScope scope, Random random, long... extents) {
    int size = 1;
    for (long extent : extents) {
      size *= (int) extent;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return scope.tensor(values, extents);
  }
}
