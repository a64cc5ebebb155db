package dev.wick.backend.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products with blocks in machine code, compared with the same operations one by one. */
class EmittedBlocksTest {
  private static final int LANES = 16;

  private final EmittedLoops.Outcome outcome =
      EmittedLoops.over(VectorLoops.create(), true, Arena.global());
  private final InnerLoops loops = outcome.loops();
  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(11);

  @BeforeEach
  void assumeWide() {
    assumeTrue(outcome.reason().isEmpty() && loops.vectorBits() == 512, "no AVX-512");
  }

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void q8Dot_everyNumberOfVectors_hasTheBitsOfScalarOperations() {
    RowDot dot = loops.dot(DType.Q8_0);
    for (int n : new int[] {32, 96, 896}) {
      int rows = 7;
      MemorySegment w = Loops.randomBlocks(arena, random, DType.Q8_0, rows * n);
      for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
        MemorySegment x = Loops.random(arena, random, vectors * n);
        MemorySegment y = arena.allocate(4L * vectors * rows, 64);
        long rowBytes = DType.Q8_0.byteSize(n);
        MemorySegment scratch = arena.allocate(dot.scratchBytes(n), 64);
        dot.few(w, 0, rowBytes, rows, n, vectors, x, 0, 4L * n, y, 0, 4L * rows, scratch, 0);

        for (int i = 0; i < vectors; i++) {
          for (int r = 0; r < rows; r++) {
            assertThat(Loops.get(y, i * rows + r))
                .as("n %d, vector %d of %d, row %d", n, i, vectors, r)
                .isEqualTo(q8(w, r * rowBytes, n, x, 4L * n * i));
          }
        }
      }
    }
  }

  private static float q8(MemorySegment w, long row, int n, MemorySegment x, long xAt) {
    float[] sums = new float[LANES];
    for (int k = 0; k < n; k++) {
      long block = row + k / 32 * (long) DType.Q8_0.blockBytes();
      float scale = Float.float16ToFloat(w.get(Layouts.SHORT, block));
      byte q = w.get(ValueLayout.JAVA_BYTE, block + 2 + k % 32);
      int lane = k % LANES;
      sums[lane] = Math.fma(q * scale, x.get(Layouts.FLOAT, xAt + 4L * k), sums[lane]);
    }
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        sums[lane] += sums[lane + half];
      }
    }
    return sums[0];
  }

  @Test
  void tiles_everyNumberOfVectorsAndTiles_haveTheBitsOfScalarOperations() {
    FloatTileDot dot = loops.tiles().orElseThrow();
    for (int n : new int[] {32, 160}) {
      for (int count = 1; count <= 3; count++) {
        int rows = count * FloatTileDot.ROWS;
        MemorySegment w = Loops.randomTiles(arena, random, count * n / FloatTileDot.BLOCK);
        for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
          MemorySegment x = Loops.random(arena, random, vectors * n);
          MemorySegment y = arena.allocate(4L * vectors * rows, 64);
          MemorySegment scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
          dot.few(w, 0, count, n, vectors, x, 0, 4L * n, y, 0, 4L * rows, scratch, 0);

          for (int i = 0; i < vectors; i++) {
            for (int r = 0; r < rows; r++) {
              assertThat(Loops.get(y, i * rows + r))
                  .as("n %d, %d tiles, vector %d of %d, row %d", n, count, i, vectors, r)
                  .isEqualTo(tileRow(w, r, n, x, 4L * n * i));
            }
          }
        }
      }
    }
  }

  private static float tileRow(MemorySegment w, int row, int n, MemorySegment x, long xAt) {
    float total = 0;
    int inTile = row % FloatTileDot.ROWS;
    for (int b = 0; b < n / FloatTileDot.BLOCK; b++) {
      int number = row / FloatTileDot.ROWS * (n / FloatTileDot.BLOCK) + b;
      long block = (long) FloatTileDot.BLOCK_BYTES * number;
      float sum = 0;
      for (int k = 0; k < FloatTileDot.BLOCK; k++) {
        int word = w.get(Layouts.INT, block + k / 8 * 128L + 4L * inTile);
        float value = ((word >>> (4 * (k % 8))) & 15) - 8;
        sum = Math.fma(value, x.get(Layouts.FLOAT, xAt + 4L * (b * FloatTileDot.BLOCK + k)), sum);
      }
      long scaleAt = block + 512 + 4L * (inTile % 16) + inTile / 16 * 2L;
      total = Math.fma(sum, Float.float16ToFloat(w.get(Layouts.SHORT, scaleAt)), total);
    }
    return total;
  }

  @Test
  void tiles_beyondTheMatrix_areRefused() {
    FloatTileDot dot = loops.tiles().orElseThrow();
    MemorySegment w = Loops.randomTiles(arena, random, 3);
    MemorySegment x = Loops.random(arena, random, 64);
    MemorySegment y = arena.allocate(4096, 64);

    assertThatThrownBy(() -> dot.few(w, 0, 2, 64, 1, x, 0, 256, y, 0, 256, y, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.few(w, 0, 0, 64, 1, x, 0, 256, y, 0, 256, y, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tiles: expected at least one tile and block, got 0 and 2");
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"
      })
  void widen_isExact(DType dtype) {
    int n = 3 * dtype.blockElements();
    MemorySegment w = Loops.randomBlocks(arena, random, dtype, n);
    MemorySegment wide = arena.allocate(4L * n, 64);
    MemorySegment expected = arena.allocate(4L * n, 64);
    loops.blocks().widen(dtype, w, 0, n, wide, 0);
    Quantization.decode(dtype, w, 0, expected, 0, n);

    assertThat(wide.mismatch(expected)).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource(
      names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"})
  void dot_oneVectorOrSeveral_hasTheBitsOfExpandedRows(DType dtype) {
    int n = 3 * dtype.blockElements();
    int rows = 7;
    long rowBytes = dtype.byteSize(n);
    RowDot dot = loops.dot(dtype);
    MemorySegment w = Loops.randomBlocks(arena, random, dtype, rows * n);
    MemorySegment wide = arena.allocate(4L * rows * n, 64);
    Quantization.decode(dtype, w, 0, wide, 0, (long) rows * n);
    MemorySegment x = Loops.random(arena, random, dot.maxVectors() * n);
    MemorySegment scratch = arena.allocate(dot.scratchBytes(n), 64);
    MemorySegment expected = arena.allocate(4L * rows, 64);
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      MemorySegment y = arena.allocate(4L * vectors * rows, 64);
      dot.few(w, 0, rowBytes, rows, n, vectors, x, 0, 4L * n, y, 0, 4L * rows, scratch, 0);
      for (int i = 0; i < vectors; i++) {
        long at = 4L * n * i;
        loops.f32().one(wide, 0, 4L * n, rows, n, x, at, expected, 0, scratch, 0);

        assertThat(y.asSlice(4L * rows * i, 4L * rows).mismatch(expected))
            .as("vector %d of %d", i, vectors)
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void dot_beyondTheBlocks_isRefused() {
    RowDot dot = loops.dot(DType.Q5_0);
    MemorySegment w = Loops.randomBlocks(arena, random, DType.Q5_0, 2 * 64);
    MemorySegment x = Loops.random(arena, random, 64);
    MemorySegment y = arena.allocate(8, 64);
    MemorySegment scratch = arena.allocate(dot.scratchBytes(64), 64);

    assertThatThrownBy(() -> dot.one(w, 0, 44, 3, 64, x, 0, y, 0, scratch, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.one(w, 0, 44, 2, 64, x, 4, y, 0, scratch, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.one(w, 0, 44, 2, 64, x, 0, y, 4, scratch, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void widenRows_q8RowsApart_isExact() {
    for (int n : new int[] {32, 64, 128}) {
      for (int rows : new int[] {1, 2, 7}) {
        long rowBytes = 3 * DType.Q8_0.byteSize(n);
        MemorySegment w = Loops.randomBlocks(arena, random, DType.Q8_0, 3 * rows * n);
        MemorySegment wide = arena.allocate(4L * rows * n, 64);
        MemorySegment expected = arena.allocate(4L * rows * n, 64);
        loops.blocks().widenRows(DType.Q8_0, w, 34, rowBytes, rows, n, wide, 0);
        for (int r = 0; r < rows; r++) {
          Quantization.decode(DType.Q8_0, w, 34 + r * rowBytes, expected, 4L * r * n, n);
        }

        assertThat(wide.mismatch(expected)).as("%d rows of %d", rows, n).isEqualTo(-1);
      }
    }
  }

  @Test
  void widenRows_beyondTheBlocks_isRefused() {
    MemorySegment w = Loops.randomBlocks(arena, random, DType.Q8_0, 4 * 64);
    MemorySegment wide = arena.allocate(4L * 4 * 64, 64);
    long rowBytes = DType.Q8_0.byteSize(64);

    assertThatThrownBy(() -> loops.blocks().widenRows(DType.Q8_0, w, 1, rowBytes, 4, 64, wide, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> loops.blocks().widenRows(DType.Q8_0, w, 0, rowBytes, 4, 64, wide, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void expand_tiles_isExactAndRoundsPairsToTheNearest() {
    FloatTileDot dot = loops.tiles().orElseThrow();
    int blocks = 3;
    int n = blocks * FloatTileDot.BLOCK;
    MemorySegment w = Loops.randomTiles(arena, random, blocks);
    MemorySegment wide = arena.allocate(4L * n * FloatTileDot.ROWS, 64);
    MemorySegment pairs = arena.allocate(2L * n * FloatTileDot.ROWS, 64);
    dot.expand(w, 0, blocks, wide, 0, 4L * FloatTileDot.ROWS);
    boolean takesPairs = dot.takesPairs();
    if (takesPairs) {
      dot.expandPairs(w, 0, blocks, pairs, 0, 4L * FloatTileDot.ROWS);
    }

    for (int k = 0; k < n; k++) {
      for (int r = 0; r < FloatTileDot.ROWS; r++) {
        float expected = tileElement(w, r, k);
        assertThat(Loops.get(wide, k * FloatTileDot.ROWS + r)).isEqualTo(expected);
        int word = pairs.get(Layouts.INT, 4L * (k / 2 * FloatTileDot.ROWS + r));
        float rounded = Float.intBitsToFloat(k % 2 == 0 ? word << 16 : word & 0xffff0000);
        int bits = Float.floatToRawIntBits(expected);
        int nearest = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
        assertThat(rounded).isEqualTo(takesPairs ? Float.intBitsToFloat(nearest) : 0f);
      }
    }
  }

  private static float tileElement(MemorySegment w, int row, int k) {
    long block = (long) FloatTileDot.BLOCK_BYTES * (k / FloatTileDot.BLOCK);
    int word = w.get(Layouts.INT, block + k % FloatTileDot.BLOCK / 8 * 128L + 4L * row);
    long scaleAt = block + 512 + 4L * (row % 16) + row / 16 * 2L;
    return (((word >>> (4 * (k % 8))) & 15) - 8)
        * Float.float16ToFloat(w.get(Layouts.SHORT, scaleAt));
  }
}
