package dev.wick.backend.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.kernel.WeightTiles;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.QuantizedBlock;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products of activations in eight bits, compared with the same operations one by one. */
class EmittedInt8Test {
  private static final int BLOCK = TileDot.BLOCK;

  private final InnerLoops loops =
      EmittedLoops.over(VectorLoops.create(), true, Arena.global()).loops();
  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(11);

  @BeforeEach
  void assumeProducts() {
    assumeTrue(!loops.int8Tiles().isEmpty(), "no machine code with AVX-512 VNNI");
  }

  @AfterEach
  void free() {
    arena.close();
  }

  private MemorySegment blocks(DType dtype, int rows, int n) {
    MemorySegment blocks = arena.allocate(dtype.byteSize((long) rows * n), 64);
    MemorySegment wide = Loops.random(arena, random, rows * n);
    Quantization.encode(dtype, wide, 0, blocks, 0, (long) rows * n);
    return blocks;
  }

  private MemorySegment tiles(MemorySegment blocks, DType dtype, int rows, int n) {
    TensorSpec spec = TensorSpec.of(dtype, rows, n);
    MemorySegment tiles = arena.allocate(WeightTiles.byteSize(spec), 64);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      assertThat(WeightTiles.pack(execution, blocks, spec, tiles)).isTrue();
    }
    return tiles;
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void few_everyNumberOfVectorsAndTiles_hasTheBitsOfScalarOperations(DType dtype) {
    TileDot dot = loops.int8Tiles().get(dtype);
    for (int n : new int[] {dtype.blockElements(), dtype.blockElements() == BLOCK ? 160 : 512}) {
      for (int count = 1; count <= 3; count++) {
        int rows = count * TileDot.ROWS;
        MemorySegment blocks = blocks(dtype, rows, n);
        MemorySegment w = tiles(blocks, dtype, rows, n);
        for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
          MemorySegment x = Loops.random(arena, random, vectors * n);
          MemorySegment y = products(dot, w, count, n, vectors, x);

          for (int i = 0; i < vectors; i++) {
            for (int r = 0; r < rows; r++) {
              assertThat(Loops.get(y, i * rows + r))
                  .as("n %d, %d tiles, vector %d of %d, row %d", n, count, i, vectors, r)
                  .isEqualTo(row(blocks, dtype, r, n, x, i * n));
            }
          }
        }
      }
    }
  }

  private MemorySegment products(
      TileDot dot, MemorySegment w, int count, int n, int vectors, MemorySegment x) {
    int rows = count * TileDot.ROWS;
    long preparedBytes = dot.preparedBytes(n);
    MemorySegment prepared = arena.allocate(vectors * preparedBytes, 64);
    for (int i = 0; i < vectors; i++) {
      dot.prepare(x, 4L * n * i, n, prepared, i * preparedBytes);
    }
    MemorySegment y = arena.allocate(4L * vectors * rows, 64);
    MemorySegment scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
    dot.few(w, 0, count, n, vectors, prepared, 0, preparedBytes, y, 0, 4L * rows, scratch, 0);
    return y;
  }

  private float row(MemorySegment w, DType dtype, int row, int n, MemorySegment x, int first) {
    QuantizedBlock block = new QuantizedBlock(dtype);
    float total = 0;
    for (int b = 0; b < n / BLOCK; b++) {
      int element = b * BLOCK % dtype.blockElements();
      block.read(w, row * dtype.byteSize(n) + dtype.byteSize(b * BLOCK - element));
      float largest = 0;
      for (int k = 0; k < BLOCK; k++) {
        largest = Math.max(largest, Math.abs(Loops.get(x, first + b * BLOCK + k)));
      }
      for (int k = 0; k < BLOCK; k += block.groupElements()) {
        int group = (element + k) / block.groupElements();
        int sum = 0;
        int products = 0;
        for (int i = k; i < k + block.groupElements(); i++) {
          int rounded = (int) Math.rint(Loops.get(x, first + b * BLOCK + i) * (127 / largest));
          sum += rounded;
          products += rounded * block.quant(element + i);
        }
        float unit = largest * (1 / 127f);
        total = Math.fma((float) products, half(block.scale(group)) * unit, total);
        if (block.hasOffsets()) {
          total = Math.fma(half(block.offset(group)), sum * unit, total);
        }
      }
    }
    return total;
  }

  private static float half(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }

  @Test
  void pack_scaleBeyondHalves_isRefused() {
    MemorySegment blocks = blocks(DType.Q4_K, 32, 256);
    TensorSpec spec = TensorSpec.of(DType.Q4_K, 32, 256);
    MemorySegment tiles = arena.allocate(WeightTiles.byteSize(spec), 64);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      assertThat(WeightTiles.pack(execution, blocks, spec, tiles)).isTrue();
      // The scale of a block is finite, its product with that of a group is not.
      blocks.set(Layouts.SHORT, 0, Float.floatToFloat16(60_000));
      assertThat(WeightTiles.pack(execution, blocks, spec, tiles)).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void few_unusualActivations_staysZeroOrSaysSo(DType dtype) {
    TileDot dot = loops.int8Tiles().get(dtype);
    int n = 2 * dtype.blockElements();
    MemorySegment w = tiles(blocks(dtype, 32, n), dtype, 32, n);
    for (float special : new float[] {0, Float.MIN_VALUE, Float.NaN, Float.NEGATIVE_INFINITY}) {
      MemorySegment x = arena.allocate(4L * n, 64);
      x.set(Layouts.FLOAT, 4L * (n - 3), special);

      MemorySegment y = products(dot, w, 1, n, 1, x);

      for (int r = 0; r < TileDot.ROWS; r++) {
        if (Float.isFinite(special)) {
          assertThat(Loops.get(y, r)).isBetween(-1e-30f, 1e-30f);
        } else {
          assertThat(Float.isFinite(Loops.get(y, r))).isFalse();
        }
      }
    }
  }

  @Test
  void few_beyondTheMatrix_isRefused() {
    TileDot dot = loops.int8Tiles().get(DType.Q8_0);
    MemorySegment w = tiles(blocks(DType.Q8_0, 32, 64), DType.Q8_0, 32, 64);
    MemorySegment x = arena.allocate(dot.preparedBytes(64), 64);
    MemorySegment y = arena.allocate(4096, 64);

    assertThatThrownBy(() -> dot.few(w, 0, 2, 64, 1, x, 0, 256, y, 0, 256, y, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.few(w, 0, 0, 64, 1, x, 0, 256, y, 0, 256, y, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tiles: expected at least one, got 0");
    assertThatThrownBy(() -> dot.few(w, 0, 1, 48, 1, x, 0, 256, y, 0, 256, y, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tiles: expected whole blocks of 32 elements, got 48");
  }
}
