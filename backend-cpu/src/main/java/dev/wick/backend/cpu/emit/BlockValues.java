package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RSP;

import dev.wick.engine.tensor.DType;

/**
 * Emits the numbers of a block, exactly, on vectors of 512 bits: the product of a quant and its
 * scale, and where the type has offsets, their sum with what was rounded, as ggml has it. Sixteen
 * elements after the other are left in a register.
 *
 * <p>Argument a points to the block, e to {@link BlockTables}.
 */
final class BlockValues {
  /** The registers that this leaves alone. */
  private static final int[] FREE = {10, 11, 15, 30};

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int LANES = 16;

  /** With less, memory is far from its bandwidth. */
  private static final int AHEAD = 1 << 15;

  /** Quants of 16 elements to be, as they are stored: up to six registers from here on. */
  private static final int STORED = 4;

  /** The last two of these, where there are at most four. */
  private static final int SHIFTED = 8;

  /** Of Q2_K: the offset of a group has a lane, named by all those of {@link #GROUP}. */
  private static final int OFFSETS = 13;

  private static final int GROUP = 14;
  private static final int SCALE = 16;
  private static final int OFFSET = 17;
  private static final int HIGH = 18;

  /**
   * What the bits above those of {@link #TABLE} add, or five bits stand for if the fifth is set.
   */
  private static final int ADDED = 20;

  /** Of four bits without more: what they stand for, in this block. */
  private static final int SCALED_TABLE = 21;

  /** The lowest bit, the next one, and so on: eight registers. */
  private static final int SINGLE_BITS = 22;

  /** Where bits of a word are rotated to the fifth place: two registers. */
  private static final int TO_FIFTH = 22;

  private static final int FIFTH_BIT = 24;
  private static final int TABLE = 31;

  /** The truth table of {@code c ? a : b}. */
  private static final int CHOOSE = 0xe4;

  private static final int K = 1;

  private final Assembler asm;
  private final DType dtype;
  private final Sink sink;

  /** A register that is added to the address of the block, or -1. */
  private int index = -1;

  /** What becomes of numbers. */
  interface Sink {
    /** Emits the use of 16 elements of a block in a register, the first of which is named. */
    void take(int register, int element);
  }

  /** Numbers of a quantised type. */
  BlockValues(Assembler asm, DType dtype, Sink sink) {
    this.asm = asm;
    this.dtype = dtype;
    this.sink = sink;
  }

  /** One of four registers that this leaves alone, the first three below 16. */
  static int free(int i) {
    return FREE[i];
  }

  /** What comes before the first block: constants. */
  void emitConstants() {
    asm.vector(VectorOp.LOAD, BITS, TABLE, 0, table(BlockTables.values(dtype)));
    asm.vector(VectorOp.LOAD, BITS, SINGLE_BITS, 0, table(BlockTables.ONE_BIT));
    switch (dtype) {
      case Q5_0, Q5_1 -> {
        int upper = dtype == DType.Q5_0 ? BlockTables.FROM_ZERO : BlockTables.FROM_SIXTEEN;
        loadTables(ADDED, upper);
        loadTables(TO_FIFTH, BlockTables.TO_FIFTH_BIT, BlockTables.TO_FIFTH_BIT_OF_SECOND);
        loadTables(FIFTH_BIT, BlockTables.FIFTH_BIT);
      }
      case Q5_K -> {
        loadTables(ADDED, BlockTables.FROM_SIXTEEN);
        loadTables(FIFTH_BIT, BlockTables.FIFTH_BIT);
      }
      case Q3_K -> {
        loadTables(ADDED, BlockTables.FOUR);
        for (int bit = 1; bit < 8; bit++) {
          asm.vectorShiftLeft(BITS, SINGLE_BITS + bit, SINGLE_BITS, bit);
        }
      }
      case Q6_K -> loadTables(ADDED, BlockTables.UPPER_TWO_OF_SIX);
      default -> {}
    }
    // Below the stack pointer 128 bytes belong to a function that calls no other. A whole line of
    // them is read back faster.
    asm.address(RAX, Mem.at(RSP, -BYTES));
    asm.and(RAX, -BYTES);
  }

  private void loadTables(int to, int... indices) {
    for (int i = 0; i < indices.length; i++) {
      asm.vector(VectorOp.LOAD, BITS, to + i, 0, table(indices[i]));
    }
  }

  /** One block; the next one is asked for ahead. */
  void emitBlock() {
    emitBlock(-1);
  }

  /**
   * As {@link #emitBlock()}.
   *
   * @param offset a general register with the bytes from argument a to the block, or -1 for none
   */
  void emitBlock(int offset) {
    index = offset;
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
  }

  private static Mem table(int index) {
    return Mem.at(Arguments.E, index * BYTES);
  }

  private Mem w(int displacement) {
    return Mem.at(Arguments.A, index, 1, displacement);
  }

  private void broadcastHalf(int to, int at) {
    asm.vector(VectorOp.BROADCAST_SHORT, 256, to, 0, w(at));
    asm.vector(VectorOp.HALF_TO_FLOAT, BITS, to, 0, to);
  }

  private void loadStored(int index, int at) {
    asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, STORED + index, 0, w(at));
  }

  /** What the four bits from {@code bit} on of the lanes of a register stand for. */
  private void lookUp(int to, int from, int bit, int table) {
    if (bit > 0) {
      asm.vectorShiftRight(BITS, to, from, bit);
    }
    // Of an index only the low four bits count.
    asm.vector(VectorOp.PERMUTE, BITS, to, bit > 0 ? to : from, table);
  }

  /**
   * What five bits stand for: four from {@code bit} on of the lanes of a register, and the fifth
   * where it is in the result.
   */
  private void lookUpFive(int to, int from, int bit) {
    int low = from;
    if (bit > 0) {
      low = SHIFTED + to % 2;
      asm.vectorShiftRight(BITS, low, from, bit);
    }
    asm.vector(VectorOp.TERNARY, BITS, to, low, FIFTH_BIT, CHOOSE);
    asm.vector(VectorOp.PERMUTE_TWO_BY_RESULT, BITS, to, TABLE, ADDED);
  }

  private void takeScaled(int value, boolean hasOffset, int element) {
    scale(value, value, hasOffset);
    sink.take(value, element);
  }

  private void scale(int to, int from, boolean hasOffset) {
    asm.vector(VectorOp.MULTIPLY, BITS, to, from, SCALE);
    if (hasOffset) {
      asm.vector(VectorOp.ADD, BITS, to, to, OFFSET);
    }
  }

  private void emitBytes() {
    broadcastHalf(SCALE, 0);
    for (int i = 0; i < 2; i++) {
      asm.vector(VectorOp.BYTE_TO_INT, BITS, i, 0, w(2 + LANES * i));
      asm.vector(VectorOp.INT_TO_FLOAT, BITS, i, 0, i);
      takeScaled(i, false, LANES * i);
    }
  }

  /** Blocks of 32: the low halves of 16 bytes, then the high ones, and perhaps a fifth bit. */
  private void emitNibbles(int quantsAt, boolean hasOffset) {
    broadcastHalf(SCALE, 0);
    if (hasOffset) {
      broadcastHalf(OFFSET, 2);
    }
    boolean hasFifth = dtype == DType.Q5_0 || dtype == DType.Q5_1;
    loadStored(0, quantsAt);
    if (hasFifth) {
      asm.vector(VectorOp.BROADCAST_INT, BITS, HIGH, 0, w(quantsAt - 4));
    } else {
      scale(SCALED_TABLE, TABLE, hasOffset);
    }
    for (int i = 0; i < 2; i++) {
      if (hasFifth) {
        asm.vector(VectorOp.ROTATE_RIGHT_EACH, BITS, i, HIGH, TO_FIFTH + i);
        lookUpFive(i, STORED, 4 * i);
        takeScaled(i, hasOffset, LANES * i);
      } else {
        lookUp(i, STORED, 4 * i, SCALED_TABLE);
        sink.take(i, LANES * i);
      }
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
      loadScales(group, 4 * 8);
      if (!hasFifth) {
        scale(SCALED_TABLE, TABLE, true);
      }
      for (int i = 0; i < 2; i++) {
        int value = group % 2 * 2 + i;
        if (group % 2 == 0) {
          loadStored(i, quantsAt + group / 2 * 32 + LANES * i);
        }
        int element = 32 * group + LANES * i;
        if (hasFifth) {
          asm.vectorRotateRight(BITS, value, HIGH + i, group - 4 & 31);
          lookUpFive(value, STORED + i, group % 2 * 4);
          takeScaled(value, true, element);
        } else {
          lookUp(value, STORED + i, group % 2 * 4, SCALED_TABLE);
          sink.take(value, element);
        }
      }
    }
  }

  /**
   * The scale of a group that was put down, and its offset.
   *
   * @param offsetsAt bytes from the first scale, or 0 for none
   */
  private void loadScales(int group, int offsetsAt) {
    asm.vector(VectorOp.BROADCAST, BITS, SCALE, 0, Mem.at(RAX, 4 * group));
    if (offsetsAt > 0) {
      asm.vector(VectorOp.BROADCAST, BITS, OFFSET, 0, Mem.at(RAX, offsetsAt + 4 * group));
    }
  }

  /** The offset of one group after the other, where scales fill the line. */
  private void nextOffset(int group) {
    if (group == 0) {
      asm.vector(VectorOp.XOR_INT, BITS, GROUP, GROUP, GROUP);
    } else {
      asm.vector(VectorOp.ADD_INT, BITS, GROUP, GROUP, SINGLE_BITS);
    }
    asm.vector(VectorOp.PERMUTE, BITS, OFFSET, GROUP, OFFSETS);
  }

  private void putDown(int scales) {
    asm.vector(VectorOp.STORE, BITS, scales, 0, Mem.at(RAX));
  }

  /** Puts eight scales and eight offsets down. */
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
    putDown(0);
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
    putDown(0);
    for (int group = 0; group < LANES; group++) {
      int part = group % 8 / 2;
      int column = group % 2;
      if (group % 8 == 0) {
        for (int i = 0; i < 4; i++) {
          loadStored(i, group / 8 * 64 + LANES * i);
        }
        for (int i = 0; i < 2; i++) {
          loadStored(4 + i, 128 + group / 8 * 32 + LANES * i);
        }
      }
      loadScales(group, 0);
      int value = column * 2;
      lookUp(value, STORED + part % 2 * 2 + column, part / 2 * 4, TABLE);
      lookUp(value + 1, STORED + 4 + column, 2 * part, ADDED);
      asm.vector(VectorOp.ADD, BITS, value, value, value + 1);
      takeScaled(value, false, LANES * group);
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
    for (int i = 0; hasThird && i < 2; i++) {
      asm.vector(VectorOp.BYTE_TO_INT_UNSIGNED, BITS, HIGH + i, 0, w(LANES * i));
    }
    for (int group = 0; group < LANES; group++) {
      int column = group % 2;
      if (group % 8 < 2) {
        loadStored(column, quantsAt + group / 8 * 32 + LANES * column);
      }
      loadScales(group, 0);
      if (!hasThird) {
        nextOffset(group);
      }
      lookUp(column, STORED + column, group % 8 / 2 * 2, TABLE);
      if (hasThird) {
        asm.vector(VectorOp.TEST_BITS, BITS, K + column, HIGH + column, SINGLE_BITS + group / 2);
        asm.masked(VectorOp.ADD, BITS, column, column, ADDED, K + column, false);
      }
      takeScaled(column, !hasThird, LANES * group);
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
    putDown(0);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, table(BlockTables.SIGNS));
    asm.vector(VectorOp.XOR_INT, BITS, OFFSETS, 1, 2);
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
    putDown(1);
  }
}
