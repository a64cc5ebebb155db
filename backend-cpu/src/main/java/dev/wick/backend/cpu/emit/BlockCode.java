package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.RAX;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.backend.cpu.loop.FloatTileDot;

/** Emits the expansion of tiles, on vectors of 512 bits. */
final class BlockCode {
  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int HALVES = 2;
  private static final int GROUPS = 4;
  private static final int DIGITS = 8;
  private static final int SCALES = 2;
  private static final int VALUES = 8;
  private static final int PLACES = 30;
  private static final int TABLE = 31;

  private BlockCode() {}

  /**
   * Expands blocks of a tile of {@link FloatTileDot}: a row per element in F32, exactly, or a row
   * per two elements that are rounded to BF16 and lie beside each other.
   *
   * <p>Arguments: a = blocks, b = bytes between rows of the target, c = number of blocks (at least
   * 1), d = target, e = the numbers that four bits stand for, then where the words of a pair are.
   */
  static byte[] expandTile(boolean pairs) {
    Assembler asm = new Assembler();
    asm.vector(VectorOp.LOAD, BITS, TABLE, 0, Mem.at(Arguments.E));
    asm.vector(VectorOp.LOAD, BITS, PLACES, 0, Mem.at(Arguments.E, BYTES));
    Label block = asm.here();
    asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A, FloatTileDot.BLOCK_BYTES - BYTES));
    for (int half = 0; half < HALVES; half++) {
      if (half > 0) {
        asm.vectorShiftRight(BITS, 0, 0, 16);
      }
      asm.vector(VectorOp.NARROW_INT_TO_SHORT, BITS, 0, 0, SCALES + half);
      asm.vector(VectorOp.HALF_TO_FLOAT, BITS, SCALES + half, 0, SCALES + half);
    }
    asm.moveImmediate(RAX, GROUPS);
    Label group = asm.here();
    for (int half = 0; half < HALVES; half++) {
      asm.vector(VectorOp.LOAD, BITS, half, 0, Mem.at(Arguments.A, half * BYTES));
    }
    for (int digit = 0; digit < DIGITS; digit++) {
      boolean stores = !pairs || digit % 2 == 1;
      for (int half = 0; half < HALVES; half++) {
        int value = VALUES + digit % 4 * HALVES + half;
        int from = half;
        if (digit > 0) {
          asm.vectorShiftRight(BITS, value, half, 4 * digit);
          from = value;
        }
        asm.vector(VectorOp.PERMUTE, BITS, value, from, TABLE);
        asm.vector(VectorOp.MULTIPLY, BITS, value, value, SCALES + half);
        if (pairs && stores) {
          asm.vector(VectorOp.TWO_FLOATS_TO_BF16, BITS, value, value, value - HALVES);
          asm.vector(VectorOp.PERMUTE_SHORT, BITS, value, PLACES, value);
        }
        if (stores) {
          asm.vector(VectorOp.STORE, BITS, value, 0, Mem.at(Arguments.D, half * BYTES));
        }
      }
      if (stores) {
        asm.add(Arguments.D, Arguments.B);
      }
    }
    asm.addImmediate(Arguments.A, HALVES * BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, group);
    asm.addImmediate(Arguments.A, BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.leave();
    return asm.toBytes();
  }
}
