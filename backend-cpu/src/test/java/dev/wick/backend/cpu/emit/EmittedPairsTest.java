package dev.wick.backend.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Products of BF16 rows with rounded vectors, compared with the same operations one by one. */
class EmittedPairsTest {
  private final InnerLoops loops =
      EmittedLoops.over(VectorLoops.create(), true, Arena.global()).loops();
  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(17);

  @BeforeEach
  void assumeProducts() {
    assumeTrue(loops.pairs().isPresent(), "no machine code with AVX-512 BF16");
  }

  @AfterEach
  void free() {
    arena.close();
  }

  private float[] products(
      MemorySegment w, long wRowBytes, int rows, int n, int vectors, MemorySegment x) {
    RowDot dot = loops.pairs().orElseThrow();
    long xBytes = RowDot.preparedBytes(n);
    MemorySegment prepared = arena.allocate(vectors * xBytes, 64);
    for (int i = 0; i < vectors; i++) {
      dot.prepare(x, 4L * n * i, n, prepared, i * xBytes);
    }
    MemorySegment y = arena.allocate(4L * vectors * rows, 64);
    MemorySegment scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
    dot.few(w, 0, wRowBytes, rows, n, vectors, prepared, 0, xBytes, y, 0, 4L * rows, scratch, 0);
    return y.toArray(Layouts.FLOAT);
  }

  @Test
  void few_everyNumberOfVectorsAndRows_hasTheBitsOfScalarOperations() {
    for (int n : new int[] {32, 160}) {
      for (int rows : new int[] {1, 3, 5, 12}) {
        // Rows that do not follow each other closely.
        long rowBytes = 2L * n + 6;
        MemorySegment w = Loops.random(arena, random, DType.BF16, rows * (n + 3));
        for (int vectors = 1; vectors <= DotTileCode.MAX_VECTORS; vectors++) {
          MemorySegment x = Loops.random(arena, random, vectors * n);

          float[] y = products(w, rowBytes, rows, n, vectors, x);

          for (int i = 0; i < vectors; i++) {
            for (int r = 0; r < rows; r++) {
              assertThat(y[i * rows + r])
                  .as("n %d, %d rows, vector %d of %d, row %d", n, rows, i, vectors, r)
                  .isEqualTo(dot(w, r * rowBytes, n, x, 4L * n * i));
            }
          }
        }
      }
    }
  }

  /** Lane by lane, of each pair the second first: what the instruction is defined to do. */
  private static float dot(MemorySegment w, long wAt, int n, MemorySegment x, long xAt) {
    float[] sums = new float[16];
    for (int pair = 0; pair < n / 2; pair++) {
      for (int k = 2 * pair + 1; k >= 2 * pair; k--) {
        float rounded = round(x.get(Layouts.FLOAT, xAt + 4L * k));
        int lane = pair % sums.length;
        sums[lane] = Math.fma(Layouts.element(w, DType.BF16, wAt + 2L * k), rounded, sums[lane]);
      }
    }
    for (int half = sums.length / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        sums[lane] += sums[lane + half];
      }
    }
    return sums[0];
  }

  private static float round(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
  }

  @Test
  void few_unusualActivations_staysZeroOrSaysSo() {
    int n = 64;
    MemorySegment w = Loops.random(arena, random, DType.BF16, 20 * n);
    for (float special : new float[] {0, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY}) {
      MemorySegment x = arena.allocate(4L * n, 64);
      x.set(Layouts.FLOAT, 4L * (n - 3), special);

      for (float sum : products(w, 2L * n, 20, n, 1, x)) {
        if (Float.isFinite(special)) {
          assertThat(sum).isZero();
        } else {
          assertThat(Float.isFinite(sum)).isFalse();
        }
      }
    }
  }

  @Test
  void few_operandsThatDoNotFit_areRefused() {
    RowDot dot = loops.pairs().orElseThrow();
    MemorySegment w = Loops.random(arena, random, DType.BF16, 16 * 64);
    MemorySegment x = arena.allocate(256, 64);
    MemorySegment y = arena.allocate(4096, 64);

    assertThat(Arrays.asList(dot.takes(0), dot.takes(48), dot.takes(64)))
        .containsExactly(false, false, true);
    assertThatThrownBy(() -> dot.one(w, 0, 128, 17, 64, x, 0, y, 0, y, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.one(w, 0, 96, 16, 48, x, 0, y, 0, y, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("pairs: expected whole blocks of 32 elements, got 48");
  }
}
