package dev.wick.backend.cpu.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowDotTest {
  private static final int[] LENGTHS = {1, 3, 8, 15, 16, 17, 31, 32, 33, 64, 127, 160, 896};
  private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};

  static Stream<InnerLoops> loops() {
    return Loops.all();
  }

  @ParameterizedTest
  @MethodSource("loops")
  void one_everyLengthAndType_matchesDoubleSum(InnerLoops loops) {
    for (DType dtype : TYPES) {
      for (int n : LENGTHS) {
        check(loops, dtype, n, 3, 1);
        check(loops, dtype, n, 131, 2);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void few_everyCount_matchesDoubleSum(InnerLoops loops) {
    for (DType dtype : TYPES) {
      for (int vectors = 1; vectors <= 4; vectors++) {
        check(loops, dtype, 100, 5, vectors);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void one_tinyAndHugeHalves_keepsThem(InnerLoops loops) {
    try (Arena arena = Arena.ofConfined()) {
      int n = 64;
      MemorySegment w = arena.allocate(2L * n, 64);
      MemorySegment x = arena.allocate(4L * n, 64);
      double expected = 0;
      for (int i = 0; i < n; i++) {
        // Subnormal halves against large activations, and the largest half.
        short half = i == 0 ? Float.floatToFloat16(65504f) : (short) i;
        float value = i == 0 ? 0x1p-20f : 3e4f;
        w.set(Layouts.SHORT, 2L * i, half);
        x.set(Layouts.FLOAT, 4L * i, value);
        expected += (double) Float.float16ToFloat(half) * value;
      }

      float actual = product(arena, loops.f16(), w, x, n);

      assertThat(actual).isCloseTo((float) expected, Offset.offset((float) (1e-6 * expected)));
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void one_infiniteHalf_isInfinite(InnerLoops loops) {
    try (Arena arena = Arena.ofConfined()) {
      int n = 64;
      MemorySegment w = arena.allocate(2L * n, 64);
      MemorySegment x = Loops.random(arena, new Random(3), n);
      w.set(Layouts.SHORT, 2L * 17, Float.floatToFloat16(Float.POSITIVE_INFINITY));
      x.set(Layouts.FLOAT, 4L * 17, 1f);

      assertThat(product(arena, loops.f16(), w, x, n)).isEqualTo(Float.POSITIVE_INFINITY);
      w.set(Layouts.SHORT, 2L * 40, Float.floatToFloat16(Float.NaN));
      assertThat(product(arena, loops.f16(), w, x, n)).isNaN();
    }
  }

  private static MemorySegment scratch(Arena arena) {
    return arena.allocate(RowDot.SCRATCH_BYTES, 64);
  }

  private static float product(Arena arena, RowDot dot, MemorySegment w, MemorySegment x, int n) {
    MemorySegment prepared = arena.allocate(RowDot.preparedBytes(n), 64);
    MemorySegment y = arena.allocate(4, 64);
    dot.prepare(x, 0, n, prepared, 0);
    dot.one(w, 0, 2L * n, 1, n, prepared, 0, y, 0, scratch(arena), 0);
    return Loops.get(y, 0);
  }

  private static void check(InnerLoops loops, DType dtype, int n, int rows, int vectors) {
    Random random = new Random(31L * n + rows);
    RowDot dot = loops.dot(dtype);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment w = Loops.random(arena, random, dtype, rows * n);
      MemorySegment x = Loops.random(arena, random, vectors * n);
      long xBytes = RowDot.preparedBytes(n);
      MemorySegment prepared = arena.allocate(vectors * xBytes, 64);
      for (int i = 0; i < vectors; i++) {
        dot.prepare(x, 4L * n * i, n, prepared, i * xBytes);
      }
      MemorySegment y = arena.allocate(4L * vectors * rows, 64);
      long rowBytes = dtype.byteSize(n);
      if (vectors == 1) {
        dot.one(w, 0, rowBytes, rows, n, prepared, 0, y, 0, scratch(arena), 0);
      } else {
        dot.few(
            w,
            0,
            rowBytes,
            rows,
            n,
            vectors,
            prepared,
            0,
            xBytes,
            y,
            0,
            4L * rows,
            scratch(arena),
            0);
      }
      for (int i = 0; i < vectors; i++) {
        for (int r = 0; r < rows; r++) {
          double expected = 0;
          for (int k = 0; k < n; k++) {
            long at = r * rowBytes + k * (long) dtype.blockBytes();
            expected += (double) Layouts.element(w, dtype, at) * Loops.get(x, i * n + k);
          }
          assertThat(Loops.get(y, i * rows + r))
              .as("%s n=%d vector %d row %d", dtype, n, i, r)
              .isCloseTo((float) expected, Offset.offset(1e-5f));
        }
      }
    }
  }
}
