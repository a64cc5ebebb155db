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
      case EXP -> exp(x, xOffset, y, yOffset, n);
      case LOG -> log(x, xOffset, y, yOffset, n);
      case SIN -> sin(x, xOffset, y, yOffset, n);
      case COS -> cos(x, xOffset, y, yOffset, n);
      case TANH -> tanh(x, xOffset, y, yOffset, n);
      case SIGMOID -> sigmoid(x, xOffset, y, yOffset, n);
      case SILU -> silu(x, xOffset, y, yOffset, n);
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

  private static void exp(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.EXP).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void log(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.LOG).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void sin(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.SIN).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void cos(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.COS).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void tanh(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.lanewise(VectorOperators.TANH).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void sigmoid(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      one.div(v.neg().lanewise(VectorOperators.EXP).add(one))
          .intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void silu(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.div(v.neg().lanewise(VectorOperators.EXP).add(one))
          .intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }
}
