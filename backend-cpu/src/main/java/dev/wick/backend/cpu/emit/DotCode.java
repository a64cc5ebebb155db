package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.R12;
import static dev.wick.backend.cpu.emit.Assembler.R13;
import static dev.wick.backend.cpu.emit.Assembler.R14;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RBX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/**
 * Emits {@code y[i][r] = w[r] · x[i]} for one to eight vectors, in the order of additions of the
 * Vector API's form, so that the bits are the same for BF16 and F32.
 *
 * <p>Arguments: a = w, b = bytes between rows, c = rows (at least 1), d = elements of a row, e = x,
 * f = y, g = bytes between vectors of x, h = bytes between those of y.
 */
final class DotCode {
  private final Assembler asm = new Assembler();
  private final Frame frame = new Frame(asm, RBX, R12, R13, R14, Assembler.RBP);
  private final DType dtype;
  private final int bits;
  private final int lanes;
  private final int vectors;
  private final Vectors x;
  private final int ahead;

  private DotCode(DType dtype, int bits, int vectors, int ahead) {
    this.dtype = dtype;
    this.bits = bits;
    this.lanes = bits / 32;
    this.vectors = vectors;
    this.x = new Vectors(asm, vectors);
    this.ahead = ahead;
  }

  /**
   * The code.
   *
   * @param bits width of a vector, 256 or 512
   * @param vectors 1 to {@link #maxVectors}
   * @param ahead bytes by which reading w is ahead of its use
   */
  static byte[] emit(DType dtype, int bits, int vectors, int ahead) {
    return new DotCode(dtype, bits, vectors, ahead).build();
  }

  /** Vectors whose sums fit into the registers. */
  static int maxVectors(int bits) {
    return bits == 512 ? 8 : 4;
  }

  private int sum(int vector) {
    return 2 * vector;
  }

  private int low() {
    return 2 * vectors;
  }

  private int high() {
    return 2 * vectors + 1;
  }

  private int mask() {
    return 2 * vectors + 2;
  }

  private int word() {
    return 2 * vectors + 3;
  }

  private int elementBytes() {
    return dtype.blockBytes();
  }

  // rsi w, rdx bytes between rows, rcx rows, r8 elements, r9 x, rdi y, r11 bytes between vectors,
  // r10 and rbx x of vector 3 and 6, rax blocks left, r12 to r14 for the ends of rows.
  private byte[] build() {
    frame.enter();
    frame.load(RDI, 'f');
    frame.load(R11, 'g');
    frame.load(Assembler.RBP, 'h');
    if (bits == 512) {
      asm.moveImmediate(RAX, 1);
      asm.moveToMask(1, RAX);
    }
    if (dtype == DType.BF16) {
      asm.moveImmediate(RAX, 0xffff0000);
      asm.broadcastRegister(bits, mask(), RAX);
    }
    Label row = asm.here();
    asm.move(R12, Arguments.A);
    asm.move(R13, Arguments.E);
    x.point();
    for (int i = 0; i < 2 * vectors; i++) {
      asm.vector(VectorOp.XOR_INT, bits, i, i, i);
    }
    asm.move(RAX, Arguments.D);
    asm.shiftRight(RAX, bits == 512 ? 5 : 4);
    Label noBlocks = new Label();
    asm.jump(Assembler.ZERO, noBlocks);
    Label block = asm.here();
    emitBlock();
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.bind(noBlocks);
    for (int i = 0; i < vectors; i++) {
      asm.vector(VectorOp.ADD, bits, sum(i), sum(i), sum(i) + 1);
    }
    emitTail();
    emitSums();
    asm.move(Arguments.E, R13);
    asm.address(Arguments.A, Mem.at(R12, Arguments.B, 1, 0));
    asm.addImmediate(RDI, 4);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, row);
    frame.leave();
    return asm.toBytes();
  }

  private void advance(int wBytes, int xBytes) {
    asm.addImmediate(Arguments.A, wBytes);
    x.advance(xBytes);
  }

  /** Two vectors of elements: sums of even ones and of odd ones, or of the first and the second. */
  private void emitBlock() {
    int bytes = bits / 8;
    int w = Arguments.A;
    asm.prefetch(Mem.at(w, ahead), 2);
    switch (dtype) {
      case BF16 -> {
        asm.vector(VectorOp.LOAD, bits, word(), 0, Mem.at(w));
        asm.vectorShiftLeft(bits, low(), word(), 16);
        asm.vector(VectorOp.AND_INT, bits, high(), word(), mask());
      }
      case F16 -> {
        asm.vector(VectorOp.HALF_TO_FLOAT, bits, low(), 0, Mem.at(w));
        asm.vector(VectorOp.HALF_TO_FLOAT, bits, high(), 0, Mem.at(w, bytes / 2));
      }
      case F32 -> {
        asm.prefetch(Mem.at(w, ahead + 64), 2);
        asm.vector(VectorOp.LOAD, bits, low(), 0, Mem.at(w));
        asm.vector(VectorOp.LOAD, bits, high(), 0, Mem.at(w, bytes));
      }
      default -> throw new IllegalArgumentException("dot: expected a float type, got " + dtype);
    }
    for (int i = 0; i < vectors; i++) {
      asm.vector(VectorOp.FMA_231, bits, sum(i), low(), x.at(i, 0));
      asm.vector(VectorOp.FMA_231, bits, sum(i) + 1, high(), x.at(i, bytes));
    }
    advance(2 * lanes * elementBytes(), 8 * lanes);
  }

  /** Adds the elements that do not fill a block to the first lane, one by one. */
  private void emitTail() {
    Label done = new Label();
    asm.move(RAX, Arguments.D);
    asm.and(RAX, 2 * lanes - 1);
    asm.jump(Assembler.ZERO, done);
    for (int i = 0; i < vectors; i++) {
      asm.vector(VectorOp.MOVE_ALIGNED, 128, sum(i) + 1, 0, sum(i));
    }
    Label element = asm.here();
    int scalar = low();
    int product = high();
    switch (dtype) {
      case BF16 -> {
        asm.loadShort(R14, Mem.at(Arguments.A));
        asm.shiftLeft(R14, 16);
        asm.vector(VectorOp.MOVE_INT_TO_LANE, 128, scalar, 0, R14);
      }
      case F16 -> {
        asm.loadShort(R14, Mem.at(Arguments.A));
        asm.vector(VectorOp.MOVE_INT_TO_LANE, 128, scalar, 0, R14);
        asm.vector(VectorOp.HALF_TO_FLOAT, 128, scalar, 0, scalar);
      }
      default -> asm.vector(VectorOp.LOAD_ONE, 128, scalar, 0, Mem.at(Arguments.A));
    }
    for (int i = 0; i < vectors; i++) {
      asm.vector(VectorOp.MULTIPLY_ONE, 128, product, scalar, x.at(i, 0));
      asm.vector(VectorOp.ADD_ONE, 128, sum(i) + 1, sum(i) + 1, product);
    }
    advance(elementBytes(), 4);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, element);
    for (int i = 0; i < vectors; i++) {
      if (bits == 512) {
        asm.masked(VectorOp.BLEND_MASK, 512, sum(i), sum(i), sum(i) + 1, 1, false);
      } else {
        asm.vector(VectorOp.BLEND, 256, sum(i), sum(i), sum(i) + 1, 1);
      }
    }
    asm.bind(done);
  }

  /** Sums of the lanes by halves, and their places in y. */
  private void emitSums() {
    asm.move(RAX, RDI);
    for (int i = 0; i < vectors; i++) {
      LaneCode.sum(asm, bits, sum(i), sum(i) + 1);
      asm.vector(VectorOp.STORE_ONE, 128, sum(i), 0, Mem.at(RAX));
      if (i + 1 < vectors) {
        asm.add(RAX, Assembler.RBP);
      }
    }
  }
}
