package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.RAX;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;

/**
 * Emits the rounding of a vector's blocks to eight bits, as {@link RoundedBlock} has them: the
 * largest magnitude becomes 127, and the scale is that magnitude / 127. A block with a number that
 * is not finite gets a scale that is not, either.
 *
 * <p>Arguments: a = x, c = blocks (at least 1), d = target, e = where in 16 elements each of those
 * that are stored is taken from, g = 127 and h = 1 / 127, both as the bits of a float.
 */
final class Int8RoundingCode {
  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int LARGEST = 2;
  private static final int SPARE = 3;
  private static final int ZERO = 27;
  private static final int MAGNITUDE = 28;
  private static final int SHARE = 29;
  private static final int MOST = 30;
  private static final int PLACES = 31;

  private Int8RoundingCode() {}

  /** The code. */
  static byte[] emit(TileLayout layout) {
    Assembler asm = new Assembler();
    asm.vector(VectorOp.LOAD, BITS, PLACES, 0, Mem.at(Arguments.E));
    asm.load(RAX, Arguments.onStack('g', 0));
    asm.broadcastRegister(BITS, MOST, RAX);
    asm.load(RAX, Arguments.onStack('h', 0));
    asm.broadcastRegister(BITS, SHARE, RAX);
    asm.moveImmediate(RAX, 0x7fffffff);
    asm.broadcastRegister(BITS, MAGNITUDE, RAX);
    asm.vector(VectorOp.XOR_INT, BITS, ZERO, ZERO, ZERO);
    Label block = asm.here();
    for (int half = 0; half < 2; half++) {
      asm.vector(VectorOp.LOAD, BITS, half, 0, Mem.at(Arguments.A, half * BYTES));
      asm.vector(VectorOp.AND_INT, BITS, LARGEST + half, half, MAGNITUDE);
    }
    // As integers, magnitudes are in the order of floats, and what is not finite is the largest.
    asm.vector(VectorOp.MAX_INT, BITS, LARGEST, LARGEST, LARGEST + 1);
    toAllLanes(asm, VectorOp.MAX_INT, LARGEST);
    asm.vector(VectorOp.DIVIDE, BITS, SPARE, MOST, LARGEST);
    for (int half = 0; half < 2; half++) {
      asm.vector(VectorOp.MULTIPLY, BITS, half, half, SPARE);
      asm.vector(VectorOp.FLOAT_TO_INT, BITS, half, 0, half);
      asm.vector(VectorOp.PERMUTE, BITS, half, PLACES, half);
      Mem to = Mem.at(Arguments.D, half * TileDot.BLOCK / 2);
      asm.vector(VectorOp.NARROW_INT_TO_BYTE, BITS, half, 0, to);
    }
    asm.vector(VectorOp.MULTIPLY, BITS, LARGEST, LARGEST, SHARE);
    asm.vector(VectorOp.STORE_ONE, 128, LARGEST, 0, Mem.at(Arguments.D, RoundedBlock.SCALE_AT));
    if (layout.groups() == 1) {
      asm.vector(VectorOp.ADD_INT, BITS, 0, 0, 1);
    }
    for (int group = 0; group < layout.groups(); group++) {
      toAllLanes(asm, VectorOp.ADD_INT, group);
      if (layout.hasOffsets()) {
        asm.vector(VectorOp.INT_TO_FLOAT, BITS, group, 0, group);
        asm.vector(VectorOp.MULTIPLY, BITS, group, group, LARGEST);
      } else {
        asm.vector(VectorOp.SUBTRACT_INT, BITS, group, ZERO, group);
        int shift = Integer.numberOfTrailingZeros(layout.lowest());
        asm.vectorShiftLeft(BITS, group, group, shift);
      }
      Mem to = Mem.at(Arguments.D, RoundedBlock.sumAt(group));
      asm.vector(VectorOp.STORE_ONE, 128, group, 0, to);
    }
    asm.addImmediate(Arguments.A, 2 * BYTES);
    asm.addImmediate(Arguments.D, RoundedBlock.bytes(layout));
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.leave();
    return asm.toBytes();
  }

  /** Leaves in every lane what an operation makes of all lanes. */
  private static void toAllLanes(Assembler asm, VectorOp op, int register) {
    for (int exchange : new int[] {0x4e, 0xb1}) {
      asm.vector(VectorOp.SHUFFLE_128, BITS, SPARE, register, register, exchange);
      asm.vector(op, BITS, register, register, SPARE);
    }
    for (int exchange : new int[] {0x4e, 0xb1}) {
      asm.vector(VectorOp.SHUFFLE_32, BITS, SPARE, register, register, exchange);
      asm.vector(op, BITS, register, register, SPARE);
    }
  }
}
