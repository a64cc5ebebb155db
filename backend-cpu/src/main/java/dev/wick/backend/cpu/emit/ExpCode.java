package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.backend.cpu.loop.PanelProduct;

/**
 * Emits the exponential function of the Vector API's form, operation by operation, and what is made
 * of it, on vectors of 512 bits.
 */
final class ExpCode {
  /** What becomes of the exponential e. */
  enum Use {
    /** {@code d = e}, where e is of {@code a - s}. */
    STORE,
    /** Nothing is stored; e is of {@code a - s}. */
    SUM,
    /** {@code d = a / (1 + e) * b}, where e is of {@code -a}. */
    GATE,
    /**
     * {@code a = e} and {@code b = e * (b - t)}, where e is of {@code a - s}; in rows of 64, whose
     * s and t and mask of columns that are not 0 are in d.
     */
    WEIGH
  }

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int NOT_BELOW = 0x15;
  private static final int AT_MOST = 0x12;
  private static final int ROW_VECTORS = 4;
  private static final int ABOUT_BYTES = PanelProduct.WEIGHED_BYTES;
  private static final int TERM = 14;
  private static final int SUM = 15;

  /** What is subtracted from the argument. */
  static final int SHIFT = 16;

  private static final int SIGN = 17;
  private static final int LOG2_E = 18;
  private static final int ROUND = 19;
  private static final int LN2_HIGH = 20;
  private static final int LN2_LOW = 21;
  private static final int POLYNOMIAL = 22;
  private static final int ONE = 28;
  private static final int MIN = 29;
  private static final int MAX = 30;
  private static final int INFINITY = 31;

  // From the highest power down: Cephes, expf.
  private static final float[] COEFFICIENTS = {
    0.00019875691f, 0.0013981999f, 0.008333452f, 0.041665796f, 0.16666666f, 0.5f
  };

  private final Assembler asm;
  private final Use use;

  /** Code that goes on with another's: {@link #constants} before {@link #exponential}. */
  ExpCode(Assembler asm, Use use) {
    this.asm = asm;
    this.use = use;
  }

  /**
   * Arguments: a, b and d as the use has them, c = vectors, or rows (at least 1), s = what is
   * subtracted. The result is the sum of the exponentials.
   */
  static byte[] emit(Use use) {
    return new ExpCode(new Assembler(), use).build();
  }

  private byte[] build() {
    asm.vector(VectorOp.BROADCAST, BITS, SHIFT, 0, 0);
    constants();
    asm.vector(VectorOp.XOR_INT, BITS, SUM, SUM, SUM);
    Label loop = asm.here();
    if (use == Use.WEIGH) {
      emitRow();
    } else {
      emitVector();
    }
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, 0, 0, SUM);
    LaneCode.sum(asm, BITS, 0, 1);
    asm.leave();
    return asm.toBytes();
  }

  /** Fills registers from 17 on. */
  void constants() {
    constant(SIGN, use == Use.GATE ? -1 : 1);
    constant(LOG2_E, 1.442695f);
    constant(ROUND, 0x1.8p23f);
    constant(LN2_HIGH, -0.6933594f);
    constant(LN2_LOW, 2.12194440e-4f);
    for (int i = 0; i < COEFFICIENTS.length; i++) {
      constant(POLYNOMIAL + i, COEFFICIENTS[i]);
    }
    constant(ONE, 1);
    constant(MIN, -87.33654f);
    constant(MAX, 88.72283f);
    constant(INFINITY, Float.POSITIVE_INFINITY);
  }

  private void emitVector() {
    int v = 0;
    asm.vector(VectorOp.LOAD, BITS, v, 0, Mem.at(Arguments.A));
    int e = exponential(v);
    asm.vector(VectorOp.ADD, BITS, SUM, SUM, e);
    emitUse(v, e);
    asm.addImmediate(Arguments.A, BYTES);
    asm.addImmediate(Arguments.B, BYTES);
    asm.addImmediate(Arguments.D, BYTES);
  }

  private void emitRow() {
    asm.vector(VectorOp.BROADCAST, BITS, SHIFT, 0, Mem.at(Arguments.D));
    asm.vector(VectorOp.BROADCAST, BITS, TERM, 0, Mem.at(Arguments.D, 4));
    asm.load(RDI, Mem.at(Arguments.D, 8));
    for (int j = 0; j < ROW_VECTORS; j++) {
      int v = 0;
      int seen = 3;
      int gradient = 7;
      asm.moveToMask(seen, RDI);
      asm.shiftRight(RDI, BYTES / 4);
      asm.vector(VectorOp.LOAD, BITS, v, 0, Mem.at(Arguments.A, j * BYTES));
      int e = exponential(v);
      asm.masked(VectorOp.MOVE_ALIGNED, BITS, e, 0, e, seen, true);
      asm.vector(VectorOp.STORE, BITS, e, 0, Mem.at(Arguments.A, j * BYTES));
      asm.vector(VectorOp.LOAD, BITS, gradient, 0, Mem.at(Arguments.B, j * BYTES));
      asm.vector(VectorOp.SUBTRACT, BITS, gradient, gradient, TERM);
      asm.masked(VectorOp.MULTIPLY, BITS, gradient, gradient, e, seen, true);
      asm.vector(VectorOp.STORE, BITS, gradient, 0, Mem.at(Arguments.B, j * BYTES));
    }
    asm.addImmediate(Arguments.A, ROW_VECTORS * BYTES);
    asm.addImmediate(Arguments.B, ROW_VECTORS * BYTES);
    asm.addImmediate(Arguments.D, ABOUT_BYTES);
  }

  private void constant(int register, float value) {
    asm.moveImmediate(RAX, Float.floatToRawIntBits(value));
    asm.broadcastRegister(BITS, register, RAX);
  }

  /** Overwrites registers 1 to 6 and returns the one of the result; v is 0 or from 7 on. */
  int exponential(int v) {
    int a = 1;
    int rounded = 2;
    int k = 3;
    int f = 4;
    int p = 5;
    int square = 6;
    asm.vector(VectorOp.SUBTRACT, BITS, a, v, SHIFT);
    asm.vector(VectorOp.MULTIPLY, BITS, a, a, SIGN);
    asm.vector(VectorOp.MULTIPLY, BITS, rounded, a, LOG2_E);
    asm.vector(VectorOp.ADD, BITS, rounded, rounded, ROUND);
    asm.vector(VectorOp.SUBTRACT, BITS, k, rounded, ROUND);
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, f, 0, a);
    asm.vector(VectorOp.FMA_231, BITS, f, k, LN2_HIGH);
    asm.vector(VectorOp.FMA_231, BITS, f, k, LN2_LOW);
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, p, 0, POLYNOMIAL);
    for (int i = 1; i < COEFFICIENTS.length; i++) {
      asm.vector(VectorOp.FMA_213, BITS, p, f, POLYNOMIAL + i);
    }
    asm.vector(VectorOp.MULTIPLY, BITS, square, f, f);
    asm.vector(VectorOp.FMA_213, BITS, p, square, f);
    asm.vector(VectorOp.ADD, BITS, p, p, ONE);
    asm.vectorShiftLeft(BITS, rounded, rounded, 23);
    asm.vector(VectorOp.ADD_INT, BITS, p, p, rounded);
    asm.compare(1, a, MIN, NOT_BELOW);
    asm.masked(VectorOp.MOVE_ALIGNED, BITS, p, 0, p, 1, true);
    // Where the argument is too large or NaN, infinity times it is the result.
    asm.compare(2, a, MAX, AT_MOST);
    asm.vector(VectorOp.MULTIPLY, BITS, a, a, INFINITY);
    asm.masked(VectorOp.BLEND_MASK, BITS, p, a, p, 2, false);
    return p;
  }

  private void emitUse(int v, int e) {
    int result = 7;
    switch (use) {
      case STORE -> asm.vector(VectorOp.STORE, BITS, e, 0, Mem.at(Arguments.D));
      case SUM, WEIGH -> {}
      case GATE -> {
        asm.vector(VectorOp.ADD, BITS, result, e, ONE);
        asm.vector(VectorOp.DIVIDE, BITS, result, v, result);
        asm.vector(VectorOp.MULTIPLY, BITS, result, result, Mem.at(Arguments.B));
        asm.vector(VectorOp.STORE, BITS, result, 0, Mem.at(Arguments.D));
      }
    }
  }
}
