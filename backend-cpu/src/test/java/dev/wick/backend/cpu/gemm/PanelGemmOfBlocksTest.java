package dev.wick.backend.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.kernel.WeightTiles;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Products of many rows with quantised operands, which are expanded a panel at a time. */
class PanelGemmOfBlocksTest {
  private static final int[][] SHAPES = {{17, 64, 256}, {40, 97, 512}, {7, 200, 768}};

  private final InnerLoops loops = Loops.all().toList().getLast();

  @BeforeEach
  void assumePanels() {
    assumeTrue(loops.tile().panels() != null, "no machine code on vectors of 512 bits");
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q5_1", "Q6_K"})
  void run_blocks_matchesDouble(DType dtype) {
    for (int[] shape : SHAPES) {
      assertThat(worst(dtype, shape, false, false)).isLessThan(1e-6 + 1e-7 * shape[2]);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q5_1", "Q6_K"})
  void run_roundedBlocks_isWithinTheBoundOfBf16(DType dtype) {
    assumeTrue(code().takesPairs(), "no AVX-512 BF16");
    for (int[] shape : SHAPES) {
      // Both operands are off by at most 2^-9 of themselves; half of the terms cancel or more.
      assertThat(worst(dtype, shape, false, true)).isBetween(1e-5, 0x1p-9 * shape[2]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void run_tiles_matchesDouble(Rounding rounding) {
    assumeTrue(code().takesPairs() || rounding == Rounding.NONE, "no AVX-512 BF16");
    for (int[] shape : SHAPES) {
      double worst = worst(DType.Q4_0, shape, true, rounding == Rounding.BF16);
      assertThat(worst)
          .isLessThan(rounding == Rounding.BF16 ? 0x1p-9 * shape[2] : 1e-6 + 1e-7 * shape[2]);
    }
  }

  private enum Rounding {
    NONE,
    BF16
  }

  private PanelProduct code() {
    return Objects.requireNonNull(loops.tile().panels());
  }

  private double worst(DType dtype, int[] shape, boolean tiled, boolean rounds) {
    int m = shape[0];
    int n = shape[1];
    int k = shape[2];
    Random random = new Random(m + 31L * n + 961L * k);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team);
        Arena arena = Arena.ofShared()) {
      MemorySegment a = Loops.random(arena, random, m * k);
      MemorySegment b = arena.allocate(dtype.byteSize((long) n * k), 64);
      Quantization.encode(dtype, Loops.random(arena, random, n * k), 0, b, 0, (long) n * k);
      MemorySegment wide = arena.allocate(4L * n * k, 64);
      Quantization.decode(dtype, b, 0, wide, 0, (long) n * k);
      RightOperand right =
          RightOperand.ofBlocks(
              b, dtype, 0, RightOperand.IN_BLOCKS, dtype.byteSize(k), k, n, loops.blocks());
      if (tiled) {
        TensorSpec spec = TensorSpec.of(dtype, n, k);
        MemorySegment tiles = arena.allocate(WeightTiles.byteSize(spec), 64);
        assertThat(WeightTiles.pack(execution, b, spec, tiles)).isTrue();
        right = right.withTiles(new RightOperand.Tiles(loops.tiles().orElseThrow(), tiles));
      }
      MemorySegment c = arena.allocate(4L * m * n + 4, 64);
      c.set(Layouts.FLOAT, 4L * m * n, 42f);
      List<Gemm.Product> products = List.of(new Gemm.Product(right, c, 0, 4L * n));
      LeftOperand left = new LeftOperand(a, 0, 4L * k, 4, m, k);

      new PanelGemm(code(), loops.tile(), execution, left, products, rounds).run(execution);

      assertThat(c.get(Layouts.FLOAT, 4L * m * n)).as("element beyond the result").isEqualTo(42f);
      double worst = 0;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double expected = 0;
          for (int p = 0; p < k; p++) {
            expected += (double) Loops.get(a, i * k + p) * Loops.get(wide, j * k + p);
          }
          worst = Math.max(worst, Math.abs(expected - Loops.get(c, i * n + j)));
        }
      }
      return worst;
    }
  }
}
