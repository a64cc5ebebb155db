package dev.wick.backend.cpu.gemm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GemmTest {
  private static final int[][] SHAPES = {
    {1, 1, 1},
    {3, 5, 7},
    {4, 64, 32},
    {5, 65, 33},
    {17, 130, 100},
    {64, 64, 385},
    {70, 66, 800},
    {33, 1, 2}
  };

  static Stream<InnerLoops> loops() {
    return Loops.all();
  }

  @ParameterizedTest
  @MethodSource("loops")
  void run_everyEdgeTypeAndLayout_matchesDouble(InnerLoops loops) {
    try (WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
        for (int[] shape : SHAPES) {
          check(loops, execution, dtype, shape[0], shape[1], shape[2], true);
          check(loops, execution, dtype, shape[0], shape[1], shape[2], false);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void run_severalThreads_sameBitsAsOne(InnerLoops loops) {
    byte[] alone = bits(loops, 1);

    assertThat(bits(loops, 3)).isEqualTo(alone);
  }

  @ParameterizedTest
  @MethodSource("loops")
  void widenPairs_everyHalf_isExact(InnerLoops loops) {
    int columns = loops.tile().columns();
    int pairs = 65536 / columns;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(4L * pairs * columns, 64);
      MemorySegment target = arena.allocate(8L * pairs * columns, 64);
      for (int i = 0; i < pairs * columns; i++) {
        source.set(Layouts.INT, 4L * i, i | (~i << 16));
      }

      loops.tile().widenPairs(source, 0, target, 0, pairs, true);

      for (int i = 0; i < pairs * columns; i++) {
        int at = i / columns * 2 * columns + i % columns;
        Float low = Float.float16ToFloat((short) i);
        Float high = Float.float16ToFloat((short) ~i);
        assertThat((Float) Loops.get(target, at)).isEqualTo(low);
        assertThat((Float) Loops.get(target, at + columns)).isEqualTo(high);
      }
    }
  }

  private static byte[] bits(InnerLoops loops, int threads) {
    int m = 70;
    int n = 130;
    int k = 500;
    try (WorkerTeam team = new WorkerTeam(threads);
        Execution execution = new Execution(team);
        Arena arena = Arena.ofShared()) {
      Random random = new Random(5);
      MemorySegment a = Loops.random(arena, random, m * k);
      MemorySegment b = Loops.random(arena, random, DType.BF16, n * k);
      MemorySegment c = arena.allocate(4L * m * n, 64);
      RightOperand right = new RightOperand(b, DType.BF16, 0, 2, 2L * k, k, n);
      new Gemm(
              loops.tile(),
              execution,
              new LeftOperand(a, 0, 4L * k, 4, m, k),
              List.of(new Gemm.Product(right, c, 0, 4L * n)))
          .run(execution);
      return c.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }
  }

  private static void check(
      InnerLoops loops, Execution execution, DType dtype, int m, int n, int k, boolean transposed) {
    Random random = new Random(m + 31L * n + 961L * k);
    int size = dtype.blockBytes();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment a = Loops.random(arena, random, m * k);
      MemorySegment b = Loops.random(arena, random, dtype, n * k);
      MemorySegment c = arena.allocate(4L * m * n + 4, 64);
      c.set(Layouts.FLOAT, 4L * m * n, 42f);
      long rowBytes = transposed ? size : (long) n * size;
      long columnBytes = transposed ? (long) k * size : size;
      RightOperand right = new RightOperand(b, dtype, 0, rowBytes, columnBytes, k, n);

      new Gemm(
              loops.tile(),
              execution,
              new LeftOperand(a, 0, 4L * k, 4, m, k),
              List.of(new Gemm.Product(right, c, 0, 4L * n)))
          .run(execution);

      assertThat(c.get(Layouts.FLOAT, 4L * m * n)).as("element beyond the result").isEqualTo(42f);
      double worst = 0;
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          double expected = 0;
          for (int p = 0; p < k; p++) {
            float value = Layouts.element(b, dtype, p * rowBytes + j * columnBytes);
            expected += (double) Loops.get(a, i * k + p) * value;
          }
          worst = Math.max(worst, Math.abs(expected - Loops.get(c, i * n + j)));
        }
      }
      assertThat(worst).as("error of %s %dx%dx%d", dtype, m, n, k).isLessThan(1e-6 + 1e-7 * k);
    }
  }
}
