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
import dev.wick.backend.cpu.loop.FloatTileDot;

/**
 * Emits {@code y[i][r] = w[r] · x[i]} for tiles of {@link FloatTileDot} and one to eight vectors,
 * on vectors of 512 bits: a number of four bits is the place of its value in a table that is a
 * register.
 *
 * <p>The products of a block are added up in their order, then scaled and added to the sum of the
 * blocks before, whatever the number of vectors: so their number does not change the bits.
 *
 * <p>Arguments: a = tiles, b = bytes of a tile, c = passes (at least 1), d = blocks of a row (at
 * least 1), e = x, f = y, g = bytes between vectors of x, h = bytes between those of y, i = {@link
 * #SCRATCH_BYTES} of scratch, j = the numbers that four bits stand for.
 */
final class TileDotCode {
  /** Vectors at most. */
  static final int MAX_VECTORS = 8;

  /** Scratch that the sums of blocks take. */
  static final int SCRATCH_BYTES = 128 * MAX_VECTORS;

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int HALVES = 2;
  private static final int GROUPS = 4;
  private static final int DIGITS = 8;
  private static final int WORDS = HALVES * MAX_VECTORS;
  private static final int VALUES = WORDS + 4;
  private static final int X = VALUES + 4;
  private static final int SPARE = X + 4;
  private static final int TABLE = 31;
  private static final int AHEAD = 1 << 15;

  private final Assembler asm = new Assembler();
  private final Frame frame = new Frame(asm, RBX, RBP, R12, R13, R14, R15);
  private final int vectors;
  private final Vectors x;
  private final int tiles;

  private TileDotCode(int vectors, int tiles) {
    this.vectors = vectors;
    this.x = new Vectors(asm, vectors);
    this.tiles = tiles;
  }

  /**
   * The code.
   *
   * @param vectors 1 to {@link #MAX_VECTORS}
   * @param tiles of one pass: 1 or, for up to two vectors, 2
   */
  static byte[] emit(int vectors, int tiles) {
    return new TileDotCode(vectors, tiles).build();
  }

  private int sum(int tile, int half, int vector) {
    return (tile * HALVES + half) * vectors + vector;
  }

  // rsi w, rdx bytes of a tile, rcx passes, r8 blocks, r9 r10 rbx x of vector 0 3 6, r11 bytes
  // between vectors, rdi y, rbp bytes between its vectors, r12 and r13 the beginnings of w and x,
  // r14 groups left, r15 scratch, rax blocks left.
  private byte[] build() {
    frame.enter();
    frame.load(RDI, 'f');
    frame.load(R11, 'g');
    frame.load(RBP, 'h');
    frame.load(R15, 'i');
    frame.load(RAX, 'j');
    asm.vector(VectorOp.LOAD, BITS, TABLE, 0, Mem.at(RAX));
    asm.move(R12, Arguments.A);
    asm.move(R13, Arguments.E);
    Label pass = asm.here();
    emitPointers();
    asm.vector(VectorOp.XOR_INT, BITS, 0, 0, 0);
    for (int i = 0; i < tiles * HALVES * vectors; i++) {
      asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(R15, i * BYTES));
    }
    asm.move(RAX, Arguments.D);
    Label block = asm.here();
    emitBlock();
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, block);
    emitResults();
    for (int i = 0; i < tiles; i++) {
      asm.add(R12, Arguments.B);
    }
    asm.addImmediate(RDI, 4 * FloatTileDot.ROWS * tiles);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, pass);
    frame.leave();
    return asm.toBytes();
  }

  private void emitPointers() {
    asm.move(Arguments.A, R12);
    asm.move(Arguments.E, R13);
    x.point();
  }

  private void emitBlock() {
    int sums = tiles * HALVES * vectors;
    for (int i = 0; i < sums; i++) {
      asm.vector(VectorOp.XOR_INT, BITS, i, i, i);
    }
    asm.subtract(R14, R14);
    asm.addImmediate(R14, GROUPS);
    Label group = asm.here();
    emitGroup();
    asm.decrement(R14);
    asm.jump(Assembler.NOT_ZERO, group);
    for (int tile = 0; tile < tiles; tile++) {
      asm.vector(VectorOp.LOAD, BITS, SPARE, 0, w(tile, 0));
      for (int half = 0; half < HALVES; half++) {
        if (half > 0) {
          asm.vectorShiftRight(BITS, SPARE, SPARE, 16);
        }
        asm.vector(VectorOp.NARROW_INT_TO_SHORT, BITS, SPARE, 0, SPARE + 1);
        asm.vector(VectorOp.HALF_TO_FLOAT, BITS, SPARE + 1, 0, SPARE + 1);
        for (int i = 0; i < vectors; i++) {
          int sum = sum(tile, half, i);
          asm.vector(VectorOp.FMA_213, BITS, sum, SPARE + 1, Mem.at(R15, sum * BYTES));
          asm.vector(VectorOp.STORE, BITS, sum, 0, Mem.at(R15, sum * BYTES));
        }
      }
    }
    asm.addImmediate(Arguments.A, BYTES);
  }

  /** Eight elements of each row. */
  private void emitGroup() {
    for (int tile = 0; tile < tiles; tile++) {
      for (int half = 0; half < HALVES; half++) {
        asm.prefetch(w(tile, AHEAD + half * BYTES), 2);
        asm.vector(VectorOp.LOAD, BITS, WORDS + tile * HALVES + half, 0, w(tile, half * BYTES));
      }
    }
    int count = tiles * HALVES;
    for (int digit = 0; digit < DIGITS; digit++) {
      for (int i = 0; i < count; i++) {
        int value = VALUES + (digit * count + i) % 4;
        if (digit > 0) {
          asm.vectorShiftRight(BITS, value, WORDS + i, 4 * digit);
        }
        asm.vector(VectorOp.PERMUTE, BITS, value, digit > 0 ? value : WORDS + i, TABLE);
      }
      for (int i = 0; i < vectors; i++) {
        int spread = X + (digit * vectors + i) % 4;
        asm.vector(VectorOp.BROADCAST, BITS, spread, 0, x.at(i, 4 * digit));
        for (int j = 0; j < count; j++) {
          int value = VALUES + (digit * count + j) % 4;
          asm.vector(VectorOp.FMA_231, BITS, j * vectors + i, value, spread);
        }
      }
    }
    asm.addImmediate(Arguments.A, HALVES * BYTES);
    x.advance(4 * DIGITS);
  }

  private Mem w(int tile, int displacement) {
    return tile == 0
        ? Mem.at(Arguments.A, displacement)
        : Mem.at(Arguments.A, Arguments.B, tile, displacement);
  }

  private void emitResults() {
    asm.move(RAX, RDI);
    for (int i = 0; i < vectors; i++) {
      for (int tile = 0; tile < tiles; tile++) {
        for (int half = 0; half < HALVES; half++) {
          int from = sum(tile, half, i);
          asm.vector(VectorOp.LOAD, BITS, from, 0, Mem.at(R15, from * BYTES));
          asm.vector(VectorOp.STORE, BITS, from, 0, Mem.at(RAX, (tile * HALVES + half) * BYTES));
        }
      }
      if (i + 1 < vectors) {
        asm.add(RAX, RBP);
      }
    }
  }
}
