package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;
import static dev.wick.backend.cpu.emit.Assembler.RSP;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/**
 * Emits the expansion of rows of blocks to neighbouring rows in F32, exactly, on vectors of 512
 * bits: the product of a quant and its scale, and where the type has offsets, their sum with what
 * was rounded, as ggml has it.
 *
 * <p>Arguments: a = blocks, b = bytes between rows, c = blocks of a row (at least 1), d = target, e
 * = {@link BlockTables}, f = number of rows (at least 1).
 */
final class BlockWideningCode {
  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int LANES = 16;

  /** With less, memory is far from its bandwidth. */
  private static final int AHEAD = 1 << 15;

  /** Scales of a block with several are kept below the stack, where the ABI lets a leaf write. */
  private static final int SCALES_AT = -128;

  private static final int OFFSETS_AT = -64;

  private static final int SCALE = 16;
  private static final int OFFSET = 17;
  private static final int HIGH = 18;
  private static final int SECOND = 20;
  private static final int MASK = 30;
  private static final int TABLE = 31;
  private static final int K = 1;

  private final Assembler asm = new Assembler();
  private final DType dtype;

  private BlockWideningCode(DType dtype) {
    this.dtype = dtype;
  }

  /** The code for a quantised type. */
  static byte[] emit(DType dtype) {
    return new BlockWideningCode(dtype).build();
  }

  private byte[] build() {
    asm.vector(VectorOp.LOAD, BITS, TABLE, 0, table(BlockTables.values(dtype)));
    asm.load(R11, Arguments.onStack('f', 0));
    asm.move(R10, Arguments.A);
    Label row = asm.here();
    asm.move(Arguments.A, R10);
    asm.move(RDI, Arguments.C);
    Label block = asm.here();
    for (int line = 0; line < dtype.blockBytes(); line += BYTES) {
      asm.prefetch(w(AHEAD + line), 2);
    }
    switch (dtype) {
      case Q8_0 -> emitBytes();
      case Q4_0, IQ4_NL -> emitNibbles(2, false);
      case Q4_1 -> emitNibbles(4, true);
      case Q5_0 -> emitNibbles(6, false);
      case Q5_1 -> emitNibbles(8, true);
      case Q4_K, Q5_K -> emitPairsOfGroups();
      case Q6_K -> emitSixBits();
      case Q2_K, Q3_K -> emitTwoBits();
      default -> throw new IllegalArgumentException("widen: expected a quantised type: " + dtype);
    }
    asm.addImmediate(Arguments.A, dtype.blockBytes());
    asm.addImmediate(Arguments.D, 4 * dtype.blockElements());
    asm.decrement(RDI);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.add(R10, Arguments.B);
    asm.decrement(R11);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.leave();
    return asm.toBytes();
  }

  private static Mem table(int index) {
    return Mem.at(Arguments.E, index * BYTES);
  }

  private static Mem w(int displacement) {
    return Mem.at(Arguments.A, displacement);
  }

  private void broadcastHalf(int to, int at) {
    asm.vector(VectorOp.BROADCAST_SHORT, 256, to, 0, w(at));
    asm.vector(VectorOp.HALF_TO_FLOAT, BITS, to, 0, to);
  }

  private void storeScaled(int value, boolean hasOffset, int element) {
    asm.vector(VectorOp.MULTIPLY, BITS, value, value, SCALE);
    if (hasOffset) {
      asm.vector(VectorOp.ADD, BITS, value, value, OFFSET);
    }
    asm.vector(VectorOp.STORE, BITS, value, 0, Mem.at(Arguments.D, 4 * element));
  }

  private void emitBytes() {
    broadcastHalf(SCALE, 0);
    for (int i = 0; i < 2; i++) {
      asm.vector(VectorOp.BYTE_TO_INT, BITS, i, 0, w(2 + LANES * i));
      asm.vector(VectorOp.INT_TO_FLOAT, BITS, i, 0, i);
      storeScaled(i, false, LANES * i);
    }
  }

  /** Blocks of 32: the low halves of 16 bytes, then the high ones, and perhaps a fifth bit. */
  private void emitNibbles(int quantsAt, boolean hasOffset) {
    broadcastHalf(SCALE, 0);
    if (hasOffset) {
      broadcastHalf(OFFSET, 2);
    }
    boolean hasFifth = dtype == DType.Q5_0 || dtype == DType.Q5_1;
    asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 0, 0, w(quantsAt));
    asm.vectorShiftRight(BITS, 1, 0, 4);
    for (int i = 0; i < 2; i++) {
      // Of an index only the low four bits count.
      asm.vector(VectorOp.PERMUTE, BITS, i, i, TABLE);
      if (hasFifth) {
        asm.loadShort(RAX, w(quantsAt - 4 + 2 * i));
        asm.moveToMask(K, RAX);
        asm.vector(VectorOp.LOAD, BITS, MASK, 0, table(BlockTables.SIXTEEN));
        asm.masked(VectorOp.ADD, BITS, i, i, MASK, K, false);
      }
      storeScaled(i, hasOffset, LANES * i);
    }
  }

  /** Scales and offsets of eight groups, of six bits each, in two forms of twelve bytes. */
  private void emitPairsOfGroups() {
    emitSixBitScales();
    boolean hasFifth = dtype == DType.Q5_K;
    int quantsAt = hasFifth ? 48 : 16;
    for (int i = 0; hasFifth && i < 2; i++) {
      asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, HIGH + i, 0, w(16 + LANES * i));
    }
    for (int group = 0; group < 8; group++) {
      loadScales(group, true);
      for (int i = 0; i < 2; i++) {
        asm.vector(
            VectorOp.BYTE_TO_INT_UNSIGNED, BITS, i, 0, w(quantsAt + group / 2 * 32 + LANES * i));
        if (group % 2 > 0) {
          asm.vectorShiftRight(BITS, i, i, 4);
        }
        asm.vector(VectorOp.PERMUTE, BITS, i, i, TABLE);
        if (hasFifth) {
          asm.vector(VectorOp.LOAD, BITS, MASK, 0, table(BlockTables.ONE_BIT));
          asm.vectorShiftLeft(BITS, MASK, MASK, group);
          asm.vector(VectorOp.TEST_BITS, BITS, K, HIGH + i, MASK);
          asm.vector(VectorOp.LOAD, BITS, MASK, 0, table(BlockTables.SIXTEEN));
          asm.masked(VectorOp.ADD, BITS, i, i, MASK, K, false);
        }
        storeScaled(i, true, 32 * group + LANES * i);
      }
    }
  }

  private void loadScales(int group, boolean hasOffset) {
    asm.vector(VectorOp.BROADCAST, BITS, SCALE, 0, Mem.at(RSP, SCALES_AT + 4 * group));
    if (hasOffset) {
      asm.vector(VectorOp.BROADCAST, BITS, OFFSET, 0, Mem.at(RSP, OFFSETS_AT + 4 * group));
    }
  }

  /** Leaves the scales in the first eight places of theirs and the offsets likewise. */
  private void emitSixBitScales() {
    asm.vector(VectorOp.LOAD, 128, 0, 0, w(0));
    emitBitFields(0, BlockTables.SIX_BITS);
    asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 1, 0, 1);
    asm.vector(VectorOp.INT_TO_FLOAT, BITS, 1, 0, 1);
    // The lowest word is the scale and the minimum of the block.
    asm.vector(VectorOp.HALF_TO_FLOAT, BITS, 0, 0, 0);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.EIGHT_OF_TWO));
    asm.vector(VectorOp.PERMUTE, BITS, 0, 2, 0);
    asm.vector(VectorOp.MULTIPLY, BITS, 0, 0, 1);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.UPPER_SIGNS));
    asm.vector(VectorOp.XOR_INT, BITS, 0, 0, 2);
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(RSP, SCALES_AT));
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(RSP, OFFSETS_AT - 32));
  }

  /**
   * Makes 16 bytes of two bit fields each: words of a register are picked, rotated and masked by
   * tables, and their two halves put together in register 1.
   */
  private void emitBitFields(int from, int tableIndex) {
    asm.vector(VectorOp.LOAD, BITS, 3, 0, table(tableIndex));
    asm.vector(VectorOp.PERMUTE, BITS, 2, 3, from);
    for (int step = 1; step <= 2; step++) {
      asm.vector(VectorOp.LOAD, BITS, 3, 0, table(tableIndex + step));
      VectorOp op = step == 1 ? VectorOp.ROTATE_RIGHT_EACH : VectorOp.AND_INT;
      asm.vector(op, BITS, 2, 2, 3);
    }
    asm.vector(VectorOp.EXTRACT_128, 256, 2, 0, 1, 1);
    asm.vector(VectorOp.OR_INT, 128, 1, 1, 2);
  }

  private void emitSixBits() {
    broadcastHalf(SCALE, 208);
    asm.vector(VectorOp.BYTE_TO_INT, BITS, 0, 0, w(192));
    asm.vector(VectorOp.INT_TO_FLOAT, BITS, 0, 0, 0);
    asm.vector(VectorOp.MULTIPLY, BITS, 0, 0, SCALE);
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(RSP, SCALES_AT));
    asm.vector(VectorOp.LOAD, BITS, MASK, 0, table(BlockTables.HIGH_TWO_BITS));
    asm.vector(VectorOp.LOAD, BITS, SECOND, 0, table(BlockTables.THIRTY_TWO));
    for (int group = 0; group < LANES; group++) {
      int half = group / 8;
      int part = group % 8 / 2;
      int low = half * 64 + part % 2 * 32 + group % 2 * LANES;
      int high = 128 + half * 32 + group % 2 * LANES;
      loadScales(group, false);
      asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 0, 0, w(low));
      if (part > 1) {
        asm.vectorShiftRight(BITS, 0, 0, 4);
      }
      asm.vector(VectorOp.PERMUTE, BITS, 0, 0, TABLE);
      asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 1, 0, w(high));
      if (part < 2) {
        asm.vectorShiftLeft(BITS, 1, 1, 4 - 2 * part);
      } else if (part > 2) {
        asm.vectorShiftRight(BITS, 1, 1, 2 * part - 4);
      }
      asm.vector(VectorOp.AND_INT, BITS, 1, 1, MASK);
      asm.vector(VectorOp.INT_TO_FLOAT, BITS, 1, 0, 1);
      asm.vector(VectorOp.SUBTRACT, BITS, 1, 1, SECOND);
      asm.vector(VectorOp.ADD, BITS, 0, 0, 1);
      storeScaled(0, false, LANES * group);
    }
  }

  /** Two bits of an element, of which Q3_K has the third in a mask of its own. */
  private void emitTwoBits() {
    boolean hasThird = dtype == DType.Q3_K;
    if (hasThird) {
      emitScalesOfThreeBits();
    } else {
      emitScalesOfTwoBits();
    }
    int quantsAt = hasThird ? 32 : 16;
    asm.vector(VectorOp.LOAD, BITS, MASK, 0, table(BlockTables.LOW_TWO_BITS));
    for (int group = 0; group < LANES; group++) {
      int at = quantsAt + group / 8 * 32 + group % 2 * LANES;
      loadScales(group, !hasThird);
      asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 0, 0, w(at));
      if (group % 8 > 1) {
        asm.vectorShiftRight(BITS, 0, 0, group % 8 / 2 * 2);
      }
      asm.vector(VectorOp.AND_INT, BITS, 0, 0, MASK);
      asm.vector(VectorOp.PERMUTE, BITS, 0, 0, TABLE);
      if (hasThird) {
        asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 1, 0, w(group % 2 * LANES));
        asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.ONE_BIT));
        asm.vectorShiftLeft(BITS, 2, 2, group / 2);
        asm.vector(VectorOp.TEST_BITS, BITS, K, 1, 2);
        asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.FOUR));
        asm.masked(VectorOp.ADD, BITS, 0, 0, 2, K, false);
      }
      storeScaled(0, !hasThird, LANES * group);
    }
  }

  private void emitScalesOfTwoBits() {
    broadcastHalf(SCALE, 80);
    broadcastHalf(OFFSET, 82);
    asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 0, 0, w(0));
    asm.vectorShiftRight(BITS, 1, 0, 4);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.FOUR_BITS));
    asm.vector(VectorOp.AND_INT, BITS, 0, 0, 2);
    for (int i = 0; i < 2; i++) {
      asm.vector(VectorOp.INT_TO_FLOAT, BITS, i, 0, i);
      asm.vector(VectorOp.MULTIPLY, BITS, i, i, i == 0 ? SCALE : OFFSET);
    }
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.SIGNS));
    asm.vector(VectorOp.XOR_INT, BITS, 1, 1, 2);
    asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(RSP, SCALES_AT));
    asm.vector(VectorOp.STORE, BITS, 1, 0, Mem.at(RSP, OFFSETS_AT));
  }

  private void emitScalesOfThreeBits() {
    broadcastHalf(SCALE, 108);
    // The last 16 bytes: half a word of quants, then the twelve bytes of scales, and the scale.
    asm.vector(VectorOp.LOAD, 128, 0, 0, w(94));
    asm.vectorShiftBytesRight(0, 0, 2);
    emitBitFields(0, BlockTables.THREE_BITS);
    asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, 1, 0, 1);
    asm.vector(VectorOp.INT_TO_FLOAT, BITS, 1, 0, 1);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.THIRTY_TWO));
    asm.vector(VectorOp.SUBTRACT, BITS, 1, 1, 2);
    asm.vector(VectorOp.MULTIPLY, BITS, 1, 1, SCALE);
    asm.vector(VectorOp.STORE, BITS, 1, 0, Mem.at(RSP, SCALES_AT));
  }
}
