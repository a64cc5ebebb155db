package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.R12;
import static dev.wick.backend.cpu.emit.Assembler.R13;
import static dev.wick.backend.cpu.emit.Assembler.R15;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RBP;
import static dev.wick.backend.cpu.emit.Assembler.RBX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;

/**
 * Emits {@code y[i][r] = w[r] · x[i]} for tiles of any {@link TileLayout} and one to eight vectors
 * of {@link Int8RoundingCode}, by products of four unsigned bytes with four signed ones at a time
 * (AVX-512 VNNI).
 *
 * <p>Quants are unsigned, above their lowest value; the sum of a group begins at that value times
 * the sum of the group's x, so that it is exact. Then it is scaled and added to the sum of those
 * before, and after it the offset times the sum of x, whatever the number of vectors: so their
 * number does not change the bits.
 *
 * <p>Arguments: a = tiles, c = their number (at least 1), d = blocks of a row (at least 1), e = x,
 * f = y, g = bytes between vectors of x, h = bytes between those of y, i = {@link #SCRATCH_BYTES}
 * of scratch.
 */
final class Int8TileCode {
  /** Vectors at most. */
  static final int MAX_VECTORS = 8;

  /** Scratch that the sums of blocks take. */
  static final int SCRATCH_BYTES = 128 * MAX_VECTORS;

  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int HALVES = 2;
  private static final int WORDS = HALVES * MAX_VECTORS;
  private static final int X = WORDS + 2 * HALVES;
  private static final int SCALES = X + 4;
  private static final int SPARES = SCALES + HALVES;
  private static final int OFFSETS = SPARES + HALVES;
  private static final int HIGH_BITS = 30;
  private static final int LOW_BITS = 31;
  private static final int AHEAD = 1 << 15;

  /** The truth table of {@code a | (b & c)}. */
  private static final int OR_OF_AND = 0xf8;

  private final Assembler asm = new Assembler();
  private final Frame frame = new Frame(asm, RBX, RBP, R12, R13, R15);
  private final TileLayout layout;
  private final int vectors;
  private final Vectors x;

  private Int8TileCode(TileLayout layout, int vectors) {
    this.layout = layout;
    this.vectors = vectors;
    this.x = new Vectors(asm, vectors);
  }

  /**
   * The code.
   *
   * @param vectors 1 to {@link #MAX_VECTORS}
   */
  static byte[] emit(TileLayout layout, int vectors) {
    return new Int8TileCode(layout, vectors).build();
  }

  private int sum(int half, int vector) {
    return half * vectors + vector;
  }

  // rsi w, rcx tiles, r8 blocks, r9 r10 rbx x of vector 0 3 6, r11 bytes between vectors, rdi y,
  // rbp
  // bytes between its vectors, r13 the beginning of x, r15 scratch, rax blocks left.
  private byte[] build() {
    frame.enter();
    frame.load(RDI, 'f');
    frame.load(R11, 'g');
    frame.load(RBP, 'h');
    frame.load(R15, 'i');
    asm.moveImmediate(RAX, 0x0f0f0f0f);
    asm.broadcastRegister(BITS, LOW_BITS, RAX);
    asm.moveImmediate(RAX, 0x10101010 * ((1 << layout.highBits()) - 1));
    asm.broadcastRegister(BITS, HIGH_BITS, RAX);
    asm.move(R13, Arguments.E);
    Label next = asm.here();
    emitPointers();
    asm.vector(VectorOp.XOR_INT, BITS, 0, 0, 0);
    for (int i = 0; i < HALVES * vectors; i++) {
      asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(R15, i * BYTES));
    }
    asm.move(RAX, Arguments.D);
    Label block = asm.here();
    emitBlock();
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, block);
    emitResults();
    asm.addImmediate(RDI, 4 * TileDot.ROWS);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, next);
    frame.leave();
    return asm.toBytes();
  }

  private void emitPointers() {
    asm.move(Arguments.E, R13);
    x.point();
  }

  private void emitBlock() {
    for (int line = 0; line < layout.blockBytes(); line += BYTES) {
      asm.prefetch(w(AHEAD + line), 2);
    }
    for (int group = 0; group < layout.groups(); group++) {
      emitFirstSums(group);
      int words = TileDot.BLOCK / 4 / layout.groups();
      if (layout.isPacked()) {
        emitPackedProducts(group * words, words);
      } else {
        emitProducts(group * words, words);
      }
      emitScaling(group);
    }
    asm.addImmediate(Arguments.A, layout.blockBytes());
    x.advance(RoundedBlock.bytes(layout));
  }

  private void emitFirstSums(int group) {
    for (int i = 0; i < vectors; i++) {
      int first = sum(0, i);
      if (layout.hasOffsets()) {
        asm.vector(VectorOp.XOR_INT, BITS, first, first, first);
      } else {
        Mem from = x.at(i, RoundedBlock.sumAt(group));
        asm.vector(VectorOp.BROADCAST, BITS, first, 0, from);
      }
      asm.vector(VectorOp.MOVE_ALIGNED, BITS, sum(1, i), 0, first);
    }
  }

  private void emitProducts(int from, int words) {
    for (int word = from; word < from + words; word++) {
      int at = WORDS + word % 2 * HALVES;
      for (int half = 0; half < HALVES; half++) {
        asm.vector(VectorOp.LOAD, BITS, at + half, 0, w((word * HALVES + half) * BYTES));
      }
      emitDots(word, at, 1);
    }
  }

  private void emitPackedProducts(int from, int words) {
    for (int word = from; word < from + words; word += 2) {
      for (int half = 0; half < HALVES; half++) {
        int low = WORDS + 2 * half;
        asm.vector(VectorOp.LOAD, BITS, low, 0, w((word / 2 * HALVES + half) * BYTES));
        asm.vectorShiftRight(BITS, low + 1, low, 4);
        for (int i = 0; i < 2; i++) {
          asm.vector(VectorOp.AND_INT, BITS, low + i, low + i, LOW_BITS);
          emitHighBits(low + i, half, word + i);
        }
      }
      emitDots(word, WORDS, 2);
      emitDots(word + 1, WORDS + 1, 2);
    }
  }

  private void emitHighBits(int quants, int half, int word) {
    int bits = layout.highBits();
    if (bits == 0) {
      return;
    }
    int wordsOfPlane = 8 / bits;
    int plane = layout.lowBytes() + word / wordsOfPlane * layout.planeBytes();
    asm.vector(VectorOp.LOAD, BITS, SPARES, 0, w(plane + half * BYTES));
    int shift = word % wordsOfPlane * bits - 4;
    if (shift > 0) {
      asm.vectorShiftRight(BITS, SPARES, SPARES, shift);
    } else if (shift < 0) {
      asm.vectorShiftLeft(BITS, SPARES, SPARES, -shift);
    }
    asm.vector(VectorOp.TERNARY, BITS, quants, SPARES, HIGH_BITS, OR_OF_AND);
  }

  /** Products of four elements of each row with those of each vector. */
  private void emitDots(int word, int weights, int step) {
    for (int i = 0; i < vectors; i++) {
      int spread = X + i % 4;
      asm.vector(VectorOp.BROADCAST, BITS, spread, 0, x.at(i, 4 * word));
      for (int half = 0; half < HALVES; half++) {
        asm.vector(VectorOp.DOT_INT8, BITS, sum(half, i), weights + step * half, spread);
      }
    }
  }

  private void emitHalves(int to, int from) {
    asm.vector(VectorOp.LOAD, BITS, SPARES, 0, w(from));
    for (int half = 0; half < HALVES; half++) {
      if (half > 0) {
        asm.vectorShiftRight(BITS, SPARES, SPARES, 16);
      }
      asm.vector(VectorOp.NARROW_INT_TO_SHORT, BITS, SPARES, 0, to + half);
      asm.vector(VectorOp.HALF_TO_FLOAT, BITS, to + half, 0, to + half);
    }
  }

  private void emitScaling(int group) {
    emitHalves(SCALES, layout.scalesAt(group));
    if (layout.hasOffsets()) {
      emitHalves(OFFSETS, layout.offsetsAt(group));
    }
    for (int i = 0; i < vectors; i++) {
      int scale = X + i % 4;
      asm.vector(VectorOp.BROADCAST, BITS, scale, 0, x.at(i, RoundedBlock.SCALE_AT));
      if (layout.hasOffsets()) {
        Mem of = x.at(i, RoundedBlock.sumAt(group));
        asm.vector(VectorOp.BROADCAST, BITS, WORDS + i % 4, 0, of);
      }
      for (int half = 0; half < HALVES; half++) {
        int sum = sum(half, i);
        Mem total = Mem.at(R15, sum * BYTES);
        int both = SPARES + half;
        asm.vector(VectorOp.MULTIPLY, BITS, both, SCALES + half, scale);
        asm.vector(VectorOp.INT_TO_FLOAT, BITS, sum, 0, sum);
        asm.vector(VectorOp.FMA_213, BITS, sum, both, total);
        if (layout.hasOffsets()) {
          asm.vector(VectorOp.FMA_231, BITS, sum, OFFSETS + half, WORDS + i % 4);
        }
        asm.vector(VectorOp.STORE, BITS, sum, 0, total);
      }
    }
  }

  private static Mem w(int displacement) {
    return Mem.at(Arguments.A, displacement);
  }

  private void emitResults() {
    asm.move(R12, RDI);
    for (int i = 0; i < vectors; i++) {
      for (int half = 0; half < HALVES; half++) {
        asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(R15, sum(half, i) * BYTES));
        asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(R12, half * BYTES));
      }
      if (i + 1 < vectors) {
        asm.add(R12, RBP);
      }
    }
  }
}
