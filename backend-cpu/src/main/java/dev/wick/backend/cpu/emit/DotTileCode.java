package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.R12;
import static dev.wick.backend.cpu.emit.Assembler.R13;
import static dev.wick.backend.cpu.emit.Assembler.R14;
import static dev.wick.backend.cpu.emit.Assembler.R15;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RBP;
import static dev.wick.backend.cpu.emit.Assembler.RBX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/**
 * Emits {@code y[i][r] = w[r] · x[i]} for several rows at a time and several vectors, on vectors of
 * 512 bits: elements of x are loaded once for these rows.
 *
 * <p>Of a float type, blocks are 32 elements, and the bits are those of {@link DotCode}, which adds
 * up the halves of blocks apart. That would take twice the registers, so rows are gone through
 * twice, for one half of each block and then for the other, while they are in the first-level
 * cache. Of Q8_0, blocks are scaled to F32, exactly, and there is one sum for both halves; so it is
 * with pairs of BF16 on both sides (AVX-512 BF16). What order a sum has depends neither on the
 * number of rows nor on that of vectors.
 *
 * <p>Arguments: a = w, b = bytes between rows, c = tiles (at least 1), d = blocks of a row (at
 * least 1), e = x, f = y, g = bytes between vectors of x, h = bytes between those of y, i = {@link
 * #SCRATCH_BYTES} of scratch.
 */
final class DotTileCode {
  /** Rows of a tile at most. */
  static final int ROWS = 3;

  /** Elements of a row that are multiplied with two vectors of x. */
  static final int BLOCK = 32;

  /** Vectors at most. */
  static final int MAX_VECTORS = 8;

  /** Scratch that the sums over one half take. */
  static final int SCRATCH_BYTES = 64 * ROWS * MAX_VECTORS;

  // With less, memory is far from its bandwidth: it answers late, and hardly anything else asks.
  private static final int AHEAD = 1 << 15;

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int WEIGHTS = ROWS * MAX_VECTORS;
  private static final int MASK = WEIGHTS + ROWS;
  private static final int SCALES = MASK;
  private static final int X = WEIGHTS + 2 * ROWS;
  private static final int SPARES = 2;
  private static final int COLUMNS = 4;
  private static final int ROW_LANES = 1;

  private final Assembler asm = new Assembler();
  private final Frame frame = new Frame(asm, RBX, RBP, R12, R13, R14, R15);
  private final DType dtype;
  private final boolean pairs;
  private final int rows;
  private final int vectors;
  private final Vectors x;

  private DotTileCode(DType dtype, boolean pairs, int rows, int vectors) {
    this.dtype = dtype;
    this.pairs = pairs;
    this.rows = rows;
    this.vectors = vectors;
    this.x = new Vectors(asm, vectors);
  }

  /**
   * The code.
   *
   * @param rows of a tile, 1 to {@link #ROWS}
   * @param vectors 1 to {@link #MAX_VECTORS}
   */
  static byte[] emit(DType dtype, int rows, int vectors) {
    return new DotTileCode(dtype, false, rows, vectors).build();
  }

  /**
   * The code for rows of BF16 and vectors that have been rounded to BF16.
   *
   * @param rows of a tile, 1 to {@link #ROWS}
   * @param vectors 1 to {@link #MAX_VECTORS}
   */
  static byte[] emitPairs(int rows, int vectors) {
    return new DotTileCode(DType.BF16, true, rows, vectors).build();
  }

  private int sum(int row, int vector) {
    return row * vectors + vector;
  }

  // rsi w, r14 what is read ahead of it, rdx bytes between rows, rcx tiles, r8 blocks, r9 r10
  // rbx x of vector 0 3 6, r11 bytes between vectors, rdi y, rbp bytes between its vectors, r12 and
  // r13 the beginnings of w and x, r15 scratch, rax blocks left.
  private byte[] build() {
    frame.enter();
    frame.load(RDI, 'f');
    frame.load(R11, 'g');
    frame.load(RBP, 'h');
    frame.load(R15, 'i');
    asm.moveImmediate(RAX, 0xffff0000);
    asm.broadcastRegister(BITS, MASK, RAX);
    asm.moveImmediate(RAX, (1 << ROWS) - 1);
    asm.moveToMask(ROW_LANES, RAX);
    asm.move(R12, Arguments.A);
    asm.move(R13, Arguments.E);
    Label tile = asm.here();
    asm.address(R14, Mem.at(R12, AHEAD));
    if (pairs) {
      emitPass(true, 0);
    } else if (dtype.isQuantized()) {
      emitPass(true, 0, 1);
    } else {
      emitPass(false, 0);
      for (int i = 0; i < rows * vectors; i++) {
        asm.vector(VectorOp.STORE, BITS, i, 0, Mem.at(R15, i * BYTES));
      }
      // The second time memory has nothing else to do.
      emitPass(true, 1);
      for (int i = 0; i < rows * vectors; i++) {
        asm.vector(VectorOp.ADD, BITS, i, i, Mem.at(R15, i * BYTES));
      }
    }
    emitResults();
    addRows(R12);
    asm.addImmediate(RDI, 4 * rows);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, tile);
    frame.leave();
    return asm.toBytes();
  }

  private void addRows(int pointer) {
    for (int i = 0; i < rows; i++) {
      asm.add(pointer, Arguments.B);
    }
  }

  /** Adds up the products of some halves of all blocks. */
  private void emitPass(boolean prefetches, int... halves) {
    asm.move(Arguments.A, R12);
    asm.move(Arguments.E, R13);
    x.point();
    for (int i = 0; i < rows * vectors; i++) {
      asm.vector(VectorOp.XOR_INT, BITS, i, i, i);
    }
    asm.move(RAX, Arguments.D);
    Label block = asm.here();
    if (prefetches) {
      for (int row = 0; row < rows; row++) {
        for (int line = 0; line < blockBytes(); line += BYTES) {
          asm.prefetch(row(R14, row, line), 2);
        }
      }
      asm.addImmediate(R14, blockBytes());
    }
    for (int half : halves) {
      for (int row = 0; row < rows; row++) {
        emitWeights(half, row);
      }
      for (int i = 0; i < vectors; i++) {
        int at = X + i % SPARES;
        asm.vector(VectorOp.LOAD, BITS, at, 0, x.at(i, half * BYTES));
        for (int row = 0; row < rows; row++) {
          VectorOp multiply = pairs ? VectorOp.DOT_BF16 : VectorOp.FMA_231;
          asm.vector(multiply, BITS, sum(row, i), WEIGHTS + row, at);
        }
      }
    }
    asm.addImmediate(Arguments.A, blockBytes());
    x.advance(pairs ? BYTES : 2 * BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, block);
  }

  private int blockBytes() {
    return (int) dtype.byteSize(BLOCK);
  }

  /** One half of a block as F32: even or odd elements, or the first or second 16; or all pairs. */
  private void emitWeights(int half, int row) {
    int to = WEIGHTS + row;
    switch (dtype) {
      case BF16 -> {
        if (pairs) {
          asm.vector(VectorOp.LOAD, BITS, to, 0, row(Arguments.A, row, 0));
        } else if (half == 0) {
          asm.vectorShiftLeft(BITS, to, row(Arguments.A, row, 0), 16);
        } else {
          asm.vector(VectorOp.AND_INT, BITS, to, MASK, row(Arguments.A, row, 0));
        }
      }
      case F16 ->
          asm.vector(VectorOp.HALF_TO_FLOAT, BITS, to, 0, row(Arguments.A, row, half * BYTES / 2));
      case F32 -> asm.vector(VectorOp.LOAD, BITS, to, 0, row(Arguments.A, row, half * BYTES));
      case Q8_0 -> {
        int scale = SCALES + row;
        if (half == 0) {
          asm.vector(VectorOp.BROADCAST_SHORT, 256, scale, 0, row(Arguments.A, row, 0));
          asm.vector(VectorOp.HALF_TO_FLOAT, BITS, scale, 0, scale);
        }
        asm.vector(VectorOp.BYTE_TO_INT, BITS, to, 0, row(Arguments.A, row, 2 + half * BYTES / 4));
        asm.vector(VectorOp.INT_TO_FLOAT, BITS, to, 0, to);
        asm.vector(VectorOp.MULTIPLY, BITS, to, to, scale);
      }
      default ->
          throw new IllegalArgumentException("dot: expected F32, BF16, F16 or Q8_0, got " + dtype);
    }
  }

  private Mem row(int base, int row, int displacement) {
    return strided(base, Arguments.B, row, displacement);
  }

  private static Mem strided(int base, int stride, int number, int displacement) {
    return number == 0 ? Mem.at(base, displacement) : Mem.at(base, stride, number, displacement);
  }

  private void emitResults() {
    int spare = WEIGHTS;
    asm.move(RAX, RDI);
    int together = rows == ROWS ? vectors / COLUMNS * COLUMNS : 0;
    for (int i = 0; i < together; i += COLUMNS) {
      emitResultsOfFour(i);
    }
    for (int i = together; i < vectors; i++) {
      for (int row = 0; row < rows; row++) {
        LaneCode.sum(asm, BITS, sum(row, i), spare);
        asm.vector(VectorOp.STORE_ONE, 128, sum(row, i), 0, Mem.at(RAX, 4 * row));
      }
      if (i + 1 < vectors) {
        asm.add(RAX, RBP);
      }
    }
  }

  private void emitResultsOfFour(int first) {
    int[][] sums = new int[rows][COLUMNS];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < COLUMNS; i++) {
        sums[row][i] = sum(row, first + i);
      }
    }
    int spare = WEIGHTS;
    new LaneSumCode(asm, spare).sum(sums);
    for (int i = 0; i < COLUMNS; i++) {
      int part = i == 0 ? sums[0][0] : spare;
      if (i > 0) {
        // The register that is written is the third operand.
        asm.vector(VectorOp.EXTRACT_128, BITS, sums[0][0], 0, part, i);
      }
      asm.storeMasked(128, Mem.at(RAX), part, ROW_LANES);
      if (first + i + 1 < vectors) {
        asm.add(RAX, RBP);
      }
    }
  }
}
