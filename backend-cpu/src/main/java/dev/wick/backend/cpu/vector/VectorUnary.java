package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.engine.op.Unary;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Functions of each element, for whole vectors. One loop per function: the operator must be a
 * constant where the loop is compiled, and a method that returned a vector would allocate it.
 */
final class VectorUnary {
  private VectorUnary() {}

  /**
   * Whether there are vectors for a function. The JDK's logarithm and trigonometry on vectors give
   * other bits in interpreted than in compiled code, and no model spends its time in them.
   */
  static boolean handles(Unary.Kind kind) {
    return switch (kind) {
      case LOG, SIN, COS, TANH -> false;
      default -> true;
    };
  }

  /**
   * @param n a multiple of the lane count
   */
  static void apply(
      Unary.Kind kind, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    switch (kind) {
      case NEG -> neg(x, xOffset, y, yOffset, n);
      case ABS -> abs(x, xOffset, y, yOffset, n);
      case SQUARE -> square(x, xOffset, y, yOffset, n);
      case SQRT -> sqrt(x, xOffset, y, yOffset, n);
      case RSQRT -> rsqrt(x, xOffset, y, yOffset, n);
      case RECIPROCAL -> reciprocal(x, xOffset, y, yOffset, n);
      case EXP -> VectorExp.run(VectorExp.Use.STORE, x, xOffset, 0, x, xOffset, y, yOffset, n);
      case SIGMOID ->
          VectorExp.run(VectorExp.Use.SIGMOID, x, xOffset, 0, x, xOffset, y, yOffset, n);
      case SILU -> VectorExp.run(VectorExp.Use.SILU, x, xOffset, 0, x, xOffset, y, yOffset, n);
      case LOG, SIN, COS, TANH ->
          throw new IllegalArgumentException(
              "unary: expected a function with vectors, got " + kind);
    }
  }

  private static void neg(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.neg().intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void abs(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.abs().intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void square(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.mul(v).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void sqrt(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.SQRT).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void rsqrt(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      one.div(v.lanewise(VectorOperators.SQRT)).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void reciprocal(
      MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      one.div(v).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }
}
