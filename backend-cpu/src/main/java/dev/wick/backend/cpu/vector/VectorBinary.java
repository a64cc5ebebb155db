package dev.wick.backend.cpu.vector;

import static dev.wick.backend.cpu.vector.Lanes.COUNT;
import static dev.wick.backend.cpu.vector.Lanes.F;
import static dev.wick.backend.cpu.vector.Lanes.FLOAT;
import static dev.wick.backend.cpu.vector.Lanes.LE;

import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Functions of two elements, for whole vectors; one loop per function and per kind of operand. */
final class VectorBinary {
  private VectorBinary() {}

  /**
   * @param n a multiple of the lane count
   */
  static void both(
      Binary.Kind kind,
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    switch (kind) {
      case ADD -> add(a, aOffset, b, bOffset, y, yOffset, n);
      case SUB -> sub(a, aOffset, b, bOffset, y, yOffset, n);
      case MUL -> mul(a, aOffset, b, bOffset, y, yOffset, n);
      case DIV -> div(a, aOffset, b, bOffset, y, yOffset, n);
      case MAX -> max(a, aOffset, b, bOffset, y, yOffset, n);
      case MIN -> min(a, aOffset, b, bOffset, y, yOffset, n);
      case POW -> throw new IllegalArgumentException("pow: expected scalar code");
    }
  }

  /**
   * @param n a multiple of the lane count
   */
  static void leftFixed(
      Binary.Kind kind,
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    float fixed = a.get(FLOAT, aOffset);
    switch (kind) {
      case ADD -> addFixed(b, bOffset, fixed, y, yOffset, n);
      case SUB -> subLeft(b, bOffset, fixed, y, yOffset, n);
      case MUL -> mulFixed(b, bOffset, fixed, y, yOffset, n);
      case DIV -> divLeft(b, bOffset, fixed, y, yOffset, n);
      case MAX -> maxFixed(b, bOffset, fixed, y, yOffset, n);
      case MIN -> minFixed(b, bOffset, fixed, y, yOffset, n);
      case POW -> throw new IllegalArgumentException("pow: expected scalar code");
    }
  }

  /**
   * @param n a multiple of the lane count
   */
  static void rightFixed(
      Binary.Kind kind,
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    float fixed = b.get(FLOAT, bOffset);
    switch (kind) {
      case ADD -> addFixed(a, aOffset, fixed, y, yOffset, n);
      case SUB -> subRight(a, aOffset, fixed, y, yOffset, n);
      case MUL -> mulFixed(a, aOffset, fixed, y, yOffset, n);
      case DIV -> divRight(a, aOffset, fixed, y, yOffset, n);
      case MAX -> maxFixed(a, aOffset, fixed, y, yOffset, n);
      case MIN -> minFixed(a, aOffset, fixed, y, yOffset, n);
      case POW -> throw new IllegalArgumentException("pow: expected scalar code");
    }
  }

  private static void add(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.add(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void sub(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.sub(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void mul(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.mul(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void div(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.div(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void max(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.max(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void min(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    for (int i = 0; i < n; i += COUNT) {
      FloatVector left = FloatVector.fromMemorySegment(F, a, aOffset + 4L * i, LE);
      FloatVector right = FloatVector.fromMemorySegment(F, b, bOffset + 4L * i, LE);
      left.min(right).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void addFixed(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.add(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void mulFixed(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.mul(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void maxFixed(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.max(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void minFixed(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.min(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void subLeft(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      c.sub(v).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void subRight(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.sub(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void divLeft(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      c.div(v).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }

  private static void divRight(
      MemorySegment x, long xOffset, float fixed, MemorySegment y, long yOffset, int n) {
    FloatVector c = FloatVector.broadcast(F, fixed);
    for (int i = 0; i < n; i += COUNT) {
      FloatVector v = FloatVector.fromMemorySegment(F, x, xOffset + 4L * i, LE);
      v.div(c).intoMemorySegment(y, yOffset + 4L * i, LE);
    }
  }
}
