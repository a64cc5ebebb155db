package dev.wick.backend.cpu.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RowMathTest {
  private static final int[] LENGTHS = {1, 7, 16, 33, 64, 100};

  static Stream<InnerLoops> loops() {
    return Loops.all();
  }

  @ParameterizedTest
  @MethodSource("loops")
  void unary_everyKind_matchesMath(InnerLoops loops) {
    for (Unary.Kind kind : Unary.Kind.values()) {
      for (int n : LENGTHS) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment x = Loops.random(arena, new Random(n), n);
          MemorySegment y = arena.allocate(4L * n, 64);

          loops.rows().unary(kind, x, 0, y, 0, n);

          for (int i = 0; i < n; i++) {
            double expected = unary(kind, Loops.get(x, i));
            assertClose(kind + " of " + Loops.get(x, i), Loops.get(y, i), expected);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void unary_extremes_matchesMath(InnerLoops loops) {
    float[] extremes = {
      0f,
      -0f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      100f,
      -100f,
      1e-40f,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.MIN_VALUE,
      88.5f,
      -88.5f,
      -103f,
      3f,
      1000f
    };
    for (Unary.Kind kind : Unary.Kind.values()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment x = Loops.floats(arena, extremes);
        MemorySegment y = arena.allocate(4L * extremes.length, 64);

        loops.rows().unary(kind, x, 0, y, 0, extremes.length);

        for (int i = 0; i < extremes.length; i++) {
          double expected = (float) unary(kind, extremes[i]);
          assertClose(kind + " of " + extremes[i], Loops.get(y, i), expected);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void binary_everyKindAndFixedSide_matchesMath(InnerLoops loops) {
    for (Binary.Kind kind : Binary.Kind.values()) {
      for (int n : LENGTHS) {
        for (int fixed = 0; fixed < 4; fixed++) {
          binary(loops, kind, n, (fixed & 1) != 0, (fixed & 2) != 0);
        }
      }
    }
  }

  private static void binary(
      InnerLoops loops, Binary.Kind kind, int n, boolean aFixed, boolean bFixed) {
    Random random = new Random(n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = Loops.random(arena, random, n);
      MemorySegment b = Loops.random(arena, random, n);
      if (kind == Binary.Kind.POW) {
        loops.rows().unary(Unary.Kind.ABS, a, 0, a, 0, n);
      }
      MemorySegment y = arena.allocate(4L * n, 64);

      loops.rows().binary(kind, a, 0, aFixed, b, 0, bFixed, y, 0, n);

      for (int i = 0; i < n; i++) {
        float left = Loops.get(a, aFixed ? 0 : i);
        float right = Loops.get(b, bFixed ? 0 : i);
        assertClose(kind + " " + left + " " + right, Loops.get(y, i), binary(kind, left, right));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void reductions_everyLength_matchDouble(InnerLoops loops) {
    for (int n : LENGTHS) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment x = Loops.random(arena, new Random(n), n);
        double sum = 0;
        double exp = 0;
        float max = Float.NEGATIVE_INFINITY;
        float min = Float.POSITIVE_INFINITY;
        for (int i = 0; i < n; i++) {
          sum += Loops.get(x, i);
          exp += Math.exp(Loops.get(x, i) - 0.5);
          max = Math.max(max, Loops.get(x, i));
          min = Math.min(min, Loops.get(x, i));
        }

        assertClose("sum", loops.rows().sum(x, 0, n), sum);
        assertClose("sumExp", loops.rows().sumExp(x, 0, 0.5f, n), exp);
        assertThat(loops.rows().max(x, 0, n)).isEqualTo(max);
        assertThat(loops.rows().min(x, 0, n)).isEqualTo(min);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void nextAbove_placesOfLargerElements_findsEach(InnerLoops loops) {
    try (Arena arena = Arena.ofConfined()) {
      float[] values = new float[70];
      values[0] = 2;
      values[18] = Float.NaN;
      values[69] = 3;
      MemorySegment x = Loops.floats(arena, values);

      assertThat(loops.rows().nextAbove(x, 0, 0, 70, 1)).isEqualTo(0);
      assertThat(loops.rows().nextAbove(x, 0, 1, 70, 1)).isEqualTo(18);
      assertThat(loops.rows().nextAbove(x, 0, 19, 70, 1)).isEqualTo(69);
      assertThat(loops.rows().nextAbove(x, 0, 19, 69, 1)).isEqualTo(69);
      assertThat(loops.rows().nextAbove(x, 0, 69, 70, 3)).isEqualTo(70);
    }
  }

  @ParameterizedTest
  @MethodSource("loops")
  void scoresAndAccumulate_headSizes_matchDouble(InnerLoops loops) {
    for (int n : new int[] {16, 24, 32, 64, 80, 128, 130, 256, 900}) {
      Random random = new Random(n);
      int count = 5;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment q = Loops.random(arena, random, n);
        MemorySegment k = Loops.random(arena, random, 2 * count * n);
        MemorySegment s = arena.allocate(4L * count, 64);
        MemorySegment y = Loops.floats(arena, new float[n]);

        loops.rows().scores(q, 0, k, 0, 8L * n, count, n, 0.5f, s, 0);
        loops.rows().accumulate(s, 0, k, 0, 8L * n, count, n, y, 0);

        double[] sums = new double[n];
        for (int i = 0; i < count; i++) {
          double score = 0;
          for (int d = 0; d < n; d++) {
            score += (double) Loops.get(q, d) * Loops.get(k, 2 * i * n + d);
          }
          assertClose("score " + n, Loops.get(s, i), score * 0.5);
          for (int d = 0; d < n; d++) {
            sums[d] += score * 0.5 * Loops.get(k, 2 * i * n + d);
          }
        }
        for (int d = 0; d < n; d++) {
          assertThat(Loops.get(y, d)).isCloseTo((float) sums[d], Offset.offset(1e-4f));
        }
      }
    }
  }

  private static void assertClose(String what, float actual, double expected) {
    if (Double.isNaN(expected) || Double.isInfinite(expected)) {
      assertThat((Float) actual).as(what).isEqualTo(Float.valueOf((float) expected));
    } else {
      float allowed = (float) (2e-6 * Math.max(1, Math.abs(expected)));
      assertThat(actual).as(what).isCloseTo((float) expected, Offset.offset(allowed));
    }
  }

  private static double unary(Unary.Kind kind, double x) {
    return switch (kind) {
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case SQUARE -> x * x;
      case SQRT -> Math.sqrt(x);
      case RSQRT -> 1 / Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case TANH -> Math.tanh(x);
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case SILU -> x / (1 + Math.exp(-x));
    };
  }

  private static double binary(Binary.Kind kind, float a, float b) {
    return switch (kind) {
      case ADD -> (double) a + b;
      case SUB -> (double) a - b;
      case MUL -> (double) a * b;
      case DIV -> (double) a / b;
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case POW -> Math.pow(a, b);
    };
  }
}
