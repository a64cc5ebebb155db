package dev.wick.backend.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PanelGemmTest {
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {5, 65, 33},
    {6, 64, 32},
    {7, 130, 96},
    {17, 200, 160},
    {40, 64, 300},
    {230, 70, 64},
    {50, 420, 700}
  };
  private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};

  private final InnerLoops loops = Loops.all().toList().getLast();

  @BeforeEach
  void assumePanels() {
    assumeTrue(loops.tile().panels() != null, "no machine code on vectors of 512 bits");
  }

  private PanelProduct code() {
    return Objects.requireNonNull(loops.tile().panels());
  }

  @Test
  void run_everyShapeTypeAndLayout_matchesDouble() {
    for (DType dtype : TYPES) {
      for (int[] shape : SHAPES) {
        for (boolean transposed : new boolean[] {true, false}) {
          double worst = worst(dtype, shape, transposed, false, 1);
          assertThat(worst)
              .as("%s %s transposed=%s", dtype, List.of(shape[0], shape[1], shape[2]), transposed)
              .isLessThan(1e-6 + 1e-7 * shape[2]);
        }
      }
    }
  }

  @Test
  void run_rounded_isWithinTheBoundOfBf16() {
    assumeTrue(code().takesPairs(), "no AVX-512 BF16");
    for (boolean transposed : new boolean[] {true, false}) {
      for (int[] shape : SHAPES) {
        double worst = worst(DType.BF16, shape, transposed, true, 1);

        // Each activation is off by at most 2^-9 of itself; half of the terms cancel or more.
        assertThat(worst).as("k=%d", shape[2]).isLessThan(0x1p-9 * shape[2] / 2 + 1e-6);
      }
      assertThat(worst(DType.BF16, new int[] {17, 200, 160}, transposed, true, 1))
          .isGreaterThan(1e-5);
    }
  }

  @Test
  void run_numbersThatBf16Holds_areNotChangedByRounding() {
    assumeTrue(code().takesPairs(), "no AVX-512 BF16");

    for (boolean transposed : new boolean[] {true, false}) {
      assertThat(worst(DType.BF16, new int[] {17, 200, 160}, transposed, true, 1 << 16))
          .isLessThan(2e-5);
    }
  }

  /** The largest error; {@code grain} clears bits of the left operand below it. */
  private double worst(DType dtype, int[] shape, boolean transposed, boolean rounds, int grain) {
    int m = shape[0];
    int n = shape[1];
    int k = shape[2];
    Random random = new Random(m + 31L * n + 961L * k);
    int size = dtype.blockBytes();
    long rowBytes = transposed ? size : (long) n * size;
    long columnBytes = transposed ? (long) k * size : size;
    long aRowBytes = 4L * (k + 3);
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team);
        Arena arena = Arena.ofShared()) {
      MemorySegment a = Loops.random(arena, random, m * (k + 3));
      for (int i = 0; i < m * (k + 3); i++) {
        a.set(Layouts.INT, 4L * i, a.get(Layouts.INT, 4L * i) & -grain);
      }
      MemorySegment b = Loops.random(arena, random, dtype, n * k);
      MemorySegment c = arena.allocate(4L * m * n + 4, 64);
      c.set(Layouts.FLOAT, 4L * m * n, 42f);
      RightOperand right = new RightOperand(b, dtype, 0, rowBytes, columnBytes, k, n);
      LeftOperand left = new LeftOperand(a, 0, aRowBytes, 4, m, k);
      List<Gemm.Product> products = List.of(new Gemm.Product(right, c, 0, 4L * n));

      new PanelGemm(code(), loops.tile(), execution, left, products, rounds).run(execution);

      assertThat(c.get(Layouts.FLOAT, 4L * m * n)).as("element beyond the result").isEqualTo(42f);
      MemorySegment d = arena.allocate(4L * m * n + 4, 64);
      d.set(Layouts.FLOAT, 4L * m * n, 42f);
      List<Gemm.Product> again = List.of(new Gemm.Product(right, d, 0, 4L * n));
      new PanelGemm(code(), loops.tile(), execution, left, again, rounds, 0).run(execution);
      assertThat(d.mismatch(c)).as("panels in groups, %d x %d x %d", m, n, k).isEqualTo(-1);
      double worst = 0;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double expected = 0;
          for (int p = 0; p < k; p++) {
            float value = Layouts.element(b, dtype, p * rowBytes + j * columnBytes);
            expected += (double) a.get(Layouts.FLOAT, i * aRowBytes + 4L * p) * value;
          }
          worst = Math.max(worst, Math.abs(expected - Loops.get(c, i * n + j)));
        }
      }
      return worst;
    }
  }

  @Test
  void run_severalThreads_sameBitsAsOneAndAsTiles() {
    byte[] alone = bits(1, true);

    assertThat(bits(3, true)).isEqualTo(alone);
    assertThat(bits(2, false)).as("tile by tile").isEqualTo(alone);
  }

  private byte[] bits(int threads, boolean panels) {
    int m = 70;
    int n = 128;
    int k = 500;
    try (WorkerTeam team = new WorkerTeam(threads);
        Execution execution = new Execution(team);
        Arena arena = Arena.ofShared()) {
      Random random = new Random(5);
      MemorySegment a = Loops.random(arena, random, m * k);
      MemorySegment b = Loops.random(arena, random, DType.BF16, n * k);
      MemorySegment c = arena.allocate(4L * (m + 2) * n, 64);
      RightOperand right = new RightOperand(b, DType.BF16, 0, 2, 2L * k, k, n);
      List<Gemm.Product> products = List.of(new Gemm.Product(right, c, 0, 4L * n));
      if (panels) {
        LeftOperand left = new LeftOperand(a, 0, 4L * k, 4, m, k);
        new PanelGemm(code(), loops.tile(), execution, left, products, false).run(execution);
      } else {
        // Whole tiles: what fills the others is added after the sum over the last part of the
        // depth.
        LeftOperand left = new LeftOperand(a, 0, 4L * k, 4, m & -GemmTile.ROWS, k);
        new Gemm(loops.tile(), execution, left, products).run(execution);
      }
      return c.asSlice(0, 4L * (m & -GemmTile.ROWS) * n).toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
