package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
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

/**
 * Emits {@code c[i][j] = initial[i][j] + sum over p of a[i][p] * b[p][j]} for tiles that lie below
 * each other: the sums of a tile stay in registers.
 *
 * <p>Arguments: a = a, b = bytes between its rows, c = tiles (at least 1), d = b, {@code [depth]
 * [columns]} words, e = depth (at least 1), f = initial or 0 for zeros, g = bytes between its rows,
 * h = c, i = bytes between its rows. A word is an F32, or a pair of BF16 that follow each other
 * along the depth.
 *
 * <p>If a is not packed, j = a {@link ReadAhead} plan or 0: part of it is carried out before each
 * tile, so that memory is read while the arithmetic units are busy.
 */
final class TileCode {
  private static final int[] SAVED = {RBX, RBP, R12, R13, R14, R15};
  private static final int UNROLL = 4;

  private final Assembler asm = new Assembler();
  private final int bits;
  private final int rows;
  private final int vectors;
  private final boolean pairs;
  private final boolean packed;

  /**
   * A tile.
   *
   * @param rows 1 to 6
   * @param vectors vectors of a row
   * @param pairs whether words are pairs of BF16
   * @param packed whether a is {@code [depth][rows]} instead of rows
   */
  TileCode(int bits, int rows, int vectors, boolean pairs, boolean packed) {
    this.bits = bits;
    this.rows = rows;
    this.vectors = vectors;
    this.pairs = pairs;
    this.packed = packed;
  }

  // rsi and r10: a of row 0 and 3; rdx: bytes between rows; rcx: tiles; r8: b; r9: depth; rax:
  // words left; r11: a of the tile; rbx: b of the panel; rdi: initial; rbp: bytes between its rows;
  // r12: c; r13: bytes between its rows. r14, r15 and what a tile sets anew are free between tiles.
  byte[] emit() {
    for (int register : SAVED) {
      asm.push(register);
    }
    asm.load(RDI, Arguments.onStack('f', SAVED.length));
    asm.load(RBP, Arguments.onStack('g', SAVED.length));
    asm.load(R12, Arguments.onStack('h', SAVED.length));
    asm.load(R13, Arguments.onStack('i', SAVED.length));
    asm.move(R11, Arguments.A);
    asm.move(RBX, Arguments.D);
    Label tile = asm.here();
    if (!packed) {
      emitReadAhead();
    }
    emitInitial();
    asm.move(Arguments.A, R11);
    asm.move(Arguments.D, RBX);
    if (rows > 3 && !packed) {
      asm.address(R10, Mem.at(Arguments.A, Arguments.B, 2, 0));
      asm.add(R10, Arguments.B);
    }
    emitProducts();
    emitResults();
    for (int i = 0; i < rows; i++) {
      asm.add(R11, Arguments.B);
    }
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, tile);
    for (int i = SAVED.length - 1; i >= 0; i--) {
      asm.pop(SAVED[i]);
    }
    asm.leave();
    return asm.toBytes();
  }

  private void emitReadAhead() {
    Label done = new Label();
    asm.load(RAX, Arguments.onStack('j', SAVED.length));
    asm.test(RAX);
    asm.jump(Assembler.ZERO, done);
    asm.load(R10, Mem.at(RAX, ReadAhead.ROWS_AT_A_TIME));
    asm.load(R14, Mem.at(RAX, ReadAhead.NEXT));
    Label row = asm.here();
    asm.load(R15, Mem.at(RAX, ReadAhead.ROWS_LEFT));
    asm.test(R15);
    asm.jump(Assembler.ZERO, done);
    asm.decrement(R15);
    asm.store(Mem.at(RAX, ReadAhead.ROWS_LEFT), R15);
    asm.load(R15, Mem.at(RAX, ReadAhead.LINES));
    asm.move(Arguments.A, R14);
    Label line = asm.here();
    // Not into the first-level cache, which the panel fills.
    asm.prefetch(Mem.at(Arguments.A), 2);
    asm.addImmediate(Arguments.A, ReadAhead.LINE_BYTES);
    asm.decrement(R15);
    asm.jump(Assembler.NOT_ZERO, line);
    asm.load(R15, Mem.at(RAX, ReadAhead.ROW_BYTES));
    asm.add(R14, R15);
    asm.store(Mem.at(RAX, ReadAhead.NEXT), R14);
    asm.decrement(R10);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.bind(done);
  }

  private int sum(int row, int vector) {
    return row * vectors + vector;
  }

  private void emitInitial() {
    Label zeros = new Label();
    Label done = new Label();
    asm.test(RDI);
    asm.jump(Assembler.ZERO, zeros);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < vectors; j++) {
        asm.vector(VectorOp.LOAD, bits, sum(i, j), 0, Mem.at(RDI, j * bits / 8));
      }
      asm.add(RDI, RBP);
    }
    asm.jump(done);
    asm.bind(zeros);
    for (int i = 0; i < rows * vectors; i++) {
      asm.vector(VectorOp.XOR_INT, bits, i, i, i);
    }
    asm.bind(done);
  }

  private void emitProducts() {
    Label rest = new Label();
    Label done = new Label();
    asm.move(RAX, Arguments.E);
    asm.shiftRight(RAX, Integer.numberOfTrailingZeros(UNROLL));
    asm.jump(Assembler.ZERO, rest);
    Label several = asm.here();
    emitWords(UNROLL);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, several);
    asm.bind(rest);
    asm.move(RAX, Arguments.E);
    asm.and(RAX, UNROLL - 1);
    asm.jump(Assembler.ZERO, done);
    Label one = asm.here();
    emitWords(1);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, one);
    asm.bind(done);
  }

  private void emitWords(int words) {
    int columns = rows * vectors;
    int broadcasts = Math.min(2, (bits == 512 ? 32 : 16) - columns - vectors);
    int rowBytes = vectors * bits / 8;
    for (int p = 0; p < words; p++) {
      for (int j = 0; j < vectors; j++) {
        int at = p * rowBytes + j * bits / 8;
        asm.vector(VectorOp.LOAD, bits, columns + j, 0, Mem.at(Arguments.D, at));
      }
      for (int i = 0; i < rows; i++) {
        int element = columns + vectors + i % broadcasts;
        asm.vector(VectorOp.BROADCAST, bits, element, 0, a(i, p));
        for (int j = 0; j < vectors; j++) {
          VectorOp op = pairs ? VectorOp.DOT_BF16 : VectorOp.FMA_231;
          asm.vector(op, bits, sum(i, j), element, columns + j);
        }
      }
    }
    int aBytes = packed ? 4 * rows * words : 4 * words;
    asm.addImmediate(Arguments.A, aBytes);
    if (rows > 3 && !packed) {
      asm.addImmediate(R10, aBytes);
    }
    asm.addImmediate(Arguments.D, words * rowBytes);
  }

  private Mem a(int row, int word) {
    if (packed) {
      return Mem.at(Arguments.A, 4 * (rows * word + row));
    }
    int base = row < 3 ? Arguments.A : R10;
    return switch (row % 3) {
      case 0 -> Mem.at(base, 4 * word);
      case 1 -> Mem.at(base, Arguments.B, 1, 4 * word);
      default -> Mem.at(base, Arguments.B, 2, 4 * word);
    };
  }

  private void emitResults() {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < vectors; j++) {
        asm.vector(VectorOp.STORE, bits, sum(i, j), 0, Mem.at(R12, j * bits / 8));
      }
      asm.add(R12, R13);
    }
  }
}
