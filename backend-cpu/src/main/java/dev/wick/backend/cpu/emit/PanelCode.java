package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RBX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/** Emits the rearrangement and widening of operands, on vectors of 512 bits. */
final class PanelCode {
  /** What becomes of 32-bit words. */
  enum Words {
    /** Nothing. */
    KEEP,
    /** Each is a pair of BF16, which become two rows of F32. */
    WIDEN_BF16,
    /** Each is a pair of F16, which become two rows of F32. */
    WIDEN_F16
  }

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int LANES = 16;
  private static final int GROUPS = 4;
  private static final int ROW_BYTES = GROUPS * BYTES;
  private static final int SPARE = LANES;

  private PanelCode() {}

  /**
   * Transposes {@code [64][words]} to {@code [words][64]}, or twice as many rows if widened.
   *
   * <p>Arguments: a = source, b = bytes between its rows, c = words / 16 (at least 1), d = target.
   */
  static byte[] transpose(Words words) {
    Assembler asm = new Assembler();
    int rowsPerWord = words == Words.KEEP ? 1 : 2;
    asm.push(RBX);
    asm.moveImmediate(RBX, GROUPS);
    Label group = asm.here();
    asm.move(RDI, Arguments.A);
    asm.move(R11, Arguments.D);
    asm.move(RAX, Arguments.C);
    Label block = asm.here();
    asm.move(R10, RDI);
    for (int i = 0; i < LANES; i++) {
      asm.vector(VectorOp.LOAD, BITS, i, 0, Mem.at(R10));
      asm.add(R10, Arguments.B);
    }
    emitTransposition(asm);
    for (int i = 0; i < LANES; i++) {
      emitWord(asm, words, i, R11, rowsPerWord * i * ROW_BYTES);
    }
    asm.addImmediate(RDI, BYTES);
    asm.addImmediate(R11, rowsPerWord * LANES * ROW_BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, block);
    for (int i = 0; i < LANES; i++) {
      asm.add(Arguments.A, Arguments.B);
    }
    asm.addImmediate(Arguments.D, BYTES);
    asm.decrement(RBX);
    asm.jump(Assembler.NOT_ZERO, group);
    asm.pop(RBX);
    asm.leave();
    return asm.toBytes();
  }

  /** Transposes 16 x 16 words in registers 0 to 15; 16 to 31 are overwritten. */
  private static void emitTransposition(Assembler asm) {
    for (int i = 0; i < LANES; i += 2) {
      asm.vector(VectorOp.UNPACK_LOW_32, BITS, SPARE + i, i, i + 1);
      asm.vector(VectorOp.UNPACK_HIGH_32, BITS, SPARE + i + 1, i, i + 1);
    }
    for (int i = 0; i < LANES; i += 4) {
      for (int j = 0; j < 2; j++) {
        int a = SPARE + i + j;
        asm.vector(VectorOp.UNPACK_LOW_64, BITS, i + 2 * j, a, a + 2);
        asm.vector(VectorOp.UNPACK_HIGH_64, BITS, i + 2 * j + 1, a, a + 2);
      }
    }
    // Now register 4 i + j has, of rows 4 i to 4 i + 3, column j in each of its four parts.
    for (int i = 0; i < LANES; i += 8) {
      for (int j = 0; j < 4; j++) {
        asm.vector(VectorOp.SHUFFLE_128, BITS, SPARE + i + j, i + j, i + j + 4, 0x88);
        asm.vector(VectorOp.SHUFFLE_128, BITS, SPARE + i + j + 4, i + j, i + j + 4, 0xdd);
      }
    }
    for (int j = 0; j < 8; j++) {
      asm.vector(VectorOp.SHUFFLE_128, BITS, j, SPARE + j, SPARE + j + 8, 0x88);
      asm.vector(VectorOp.SHUFFLE_128, BITS, j + 8, SPARE + j, SPARE + j + 8, 0xdd);
    }
  }

  /** Stores a register of words, as one row or, widened, as two. */
  private static void emitWord(Assembler asm, Words words, int from, int target, int offset) {
    int low = SPARE + from % LANES;
    switch (words) {
      case KEEP -> asm.vector(VectorOp.STORE, BITS, from, 0, Mem.at(target, offset));
      case WIDEN_BF16 -> {
        asm.vectorShiftLeft(BITS, low, from, 16);
        asm.vectorShiftRight(BITS, from, from, 16);
        asm.vectorShiftLeft(BITS, from, from, 16);
        asm.vector(VectorOp.STORE, BITS, low, 0, Mem.at(target, offset));
        asm.vector(VectorOp.STORE, BITS, from, 0, Mem.at(target, offset + ROW_BYTES));
      }
      case WIDEN_F16 -> {
        asm.vector(VectorOp.NARROW_INT_TO_SHORT, BITS, from, 0, low);
        asm.vector(VectorOp.HALF_TO_FLOAT, BITS, low, 0, low);
        asm.vectorShiftRight(BITS, from, from, 16);
        asm.vector(VectorOp.NARROW_INT_TO_SHORT, BITS, from, 0, from);
        asm.vector(VectorOp.HALF_TO_FLOAT, BITS, from, 0, from);
        asm.vector(VectorOp.STORE, BITS, low, 0, Mem.at(target, offset));
        asm.vector(VectorOp.STORE, BITS, from, 0, Mem.at(target, offset + ROW_BYTES));
      }
    }
  }

  /**
   * Widens rows of 64 words to two rows of F32 each.
   *
   * <p>Arguments: a = source, c = rows (at least 1), d = target.
   */
  static byte[] widenPairs(Words words) {
    Assembler asm = new Assembler();
    Label row = asm.here();
    for (int j = 0; j < GROUPS; j++) {
      asm.vector(VectorOp.LOAD, BITS, j, 0, Mem.at(Arguments.A, j * BYTES));
      emitWord(asm, words, j, Arguments.D, j * BYTES);
    }
    asm.addImmediate(Arguments.A, ROW_BYTES);
    asm.addImmediate(Arguments.D, 2 * ROW_BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Widens rows of 64 elements.
   *
   * <p>Arguments: a = source, b = bytes between its rows, c = rows (at least 1), d = target.
   */
  static byte[] widenRows(DType dtype) {
    Assembler asm = new Assembler();
    Label row = asm.here();
    for (int j = 0; j < GROUPS; j++) {
      Mem from = Mem.at(Arguments.A, j * LANES * dtype.blockBytes());
      switch (dtype) {
        case F32 -> asm.vector(VectorOp.LOAD, BITS, j, 0, from);
        case F16 -> asm.vector(VectorOp.HALF_TO_FLOAT, BITS, j, 0, from);
        case BF16 -> {
          asm.vector(VectorOp.ZERO_EXTEND, BITS, j, 0, from);
          asm.vectorShiftLeft(BITS, j, j, 16);
        }
        default -> throw new IllegalArgumentException("widen: expected a float type, got " + dtype);
      }
      asm.vector(VectorOp.STORE, BITS, j, 0, Mem.at(Arguments.D, j * BYTES));
    }
    asm.add(Arguments.A, Arguments.B);
    asm.addImmediate(Arguments.D, ROW_BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Brings 64 elements of 16 bits of every two rows together, as words with the upper row's in the
   * lower half.
   *
   * <p>Arguments: a = source, b = bytes between its rows, c = pairs of rows (at least 1), d =
   * target.
   */
  static byte[] pairRows() {
    Assembler asm = new Assembler();
    Label pair = asm.here();
    asm.move(R10, Arguments.A);
    asm.add(R10, Arguments.B);
    for (int j = 0; j < GROUPS; j++) {
      int lower = GROUPS + j;
      asm.vector(VectorOp.ZERO_EXTEND, BITS, j, 0, Mem.at(Arguments.A, 2 * j * LANES));
      asm.vector(VectorOp.ZERO_EXTEND, BITS, lower, 0, Mem.at(R10, 2 * j * LANES));
      asm.vectorShiftLeft(BITS, lower, lower, 16);
      asm.vector(VectorOp.ADD_INT, BITS, j, j, lower);
      asm.vector(VectorOp.STORE, BITS, j, 0, Mem.at(Arguments.D, j * BYTES));
    }
    asm.move(Arguments.A, R10);
    asm.add(Arguments.A, Arguments.B);
    asm.addImmediate(Arguments.D, ROW_BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, pair);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Rounds blocks of 32 F32 to BF16, to the nearest and ties to even; subnormal ones become zero.
   *
   * <p>Arguments: a = source, c = elements / 32 (at least 1), d = target.
   */
  static byte[] roundToBf16() {
    Assembler asm = new Assembler();
    Label block = asm.here();
    // One instruction takes two vectors, the second operand as the lower half of the result.
    asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A, BYTES));
    asm.vector(VectorOp.TWO_FLOATS_TO_BF16, BITS, 0, 0, Mem.at(Arguments.A));
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(Arguments.D));
    asm.addImmediate(Arguments.A, 2 * BYTES);
    asm.addImmediate(Arguments.D, BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Splits blocks of 32 elements into the even and the odd ones; anything less keeps its order.
   *
   * <p>Arguments: a = source, c = elements / 32 (at least 1), d = target, e = places of the even
   * elements and then those of the odd ones, 16 words each.
   */
  static byte[] splitEvenOdd() {
    Assembler asm = new Assembler();
    asm.vector(VectorOp.LOAD, BITS, 4, 0, Mem.at(Arguments.E));
    asm.vector(VectorOp.LOAD, BITS, 5, 0, Mem.at(Arguments.E, BYTES));
    Label block = asm.here();
    asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A));
    asm.vector(VectorOp.LOAD, BITS, 1, 0, Mem.at(Arguments.A, BYTES));
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, 2, 0, 0);
    asm.vector(VectorOp.PERMUTE_TWO, BITS, 2, 4, 1);
    asm.vector(VectorOp.PERMUTE_TWO, BITS, 0, 5, 1);
    asm.vector(VectorOp.STORE, BITS, 2, 0, Mem.at(Arguments.D));
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(Arguments.D, BYTES));
    asm.addImmediate(Arguments.A, 2 * BYTES);
    asm.addImmediate(Arguments.D, 2 * BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.leave();
    return asm.toBytes();
  }
}
