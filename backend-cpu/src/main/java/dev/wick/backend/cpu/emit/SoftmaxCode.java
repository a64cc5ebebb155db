package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.backend.cpu.loop.PanelProduct;

/** Emits {@link PanelProduct#softmax}, on vectors of 512 bits. */
final class SoftmaxCode {
  private static final int BITS = 512;
  private static final int BYTES = 64;
  private static final int PANEL_VECTORS = 4;
  private static final int LANES = 16;
  private static final int UNORDERED = 3;
  private static final int SEEN = 3;
  private static final int LARGEST = 0;
  private static final int NAN = 1;
  private static final int SCORE = 2;
  private static final int HIDDEN = 14;
  private static final int SUM = 15;

  private final Assembler asm = new Assembler();
  private final ExpCode exp = new ExpCode(asm, ExpCode.Use.STORE);
  private final Label undone = new Label();

  private SoftmaxCode() {}

  /**
   * Arguments: a = scores, b = bytes between rows, c = rows (at least 1), d = what is about the
   * first, e = panels of a row (at least 1). The bits of the result are the number of rows that
   * were not done.
   */
  static byte[] emit() {
    return new SoftmaxCode().build();
  }

  private byte[] build() {
    exp.constants();
    asm.moveImmediate(RAX, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
    asm.broadcastRegister(BITS, HIDDEN, RAX);
    Label row = asm.here();
    hideAndFindLargest();
    weights();
    asm.add(Arguments.A, Arguments.B);
    asm.move(Arguments.D, R11);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.bind(undone);
    asm.vector(VectorOp.MOVE_INT_TO_LANE, 128, 0, 0, Arguments.C);
    asm.leave();
    return asm.toBytes();
  }

  /** Leaves the place of what is about the next row in R11. */
  private void hideAndFindLargest() {
    asm.vector(VectorOp.BROADCAST, BITS, LARGEST, 0, Mem.at(Arguments.D));
    asm.vector(VectorOp.XOR_INT, BITS, NAN, NAN, NAN);
    asm.address(R11, Mem.at(Arguments.D, PanelProduct.SOFTMAX_BYTES));
    asm.move(R10, Arguments.A);
    asm.move(RAX, Arguments.E);
    Label panel = asm.here();
    asm.load(RDI, Mem.at(R11));
    for (int j = 0; j < PANEL_VECTORS; j++) {
      asm.moveToMask(SEEN, RDI);
      asm.shiftRight(RDI, LANES);
      asm.vector(VectorOp.LOAD, BITS, SCORE, 0, Mem.at(R10, j * BYTES));
      asm.masked(VectorOp.BLEND_MASK, BITS, SCORE, HIDDEN, SCORE, SEEN, false);
      asm.vector(VectorOp.STORE, BITS, SCORE, 0, Mem.at(R10, j * BYTES));
      RowCode.larger(asm, LARGEST, NAN, SCORE);
    }
    asm.addImmediate(R11, 8);
    asm.addImmediate(R10, PANEL_VECTORS * BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, panel);
    RowCode.largestLane(asm, LARGEST, SCORE);
    // Infinity less itself is NaN, too.
    asm.vector(VectorOp.SUBTRACT, BITS, SCORE, LARGEST, LARGEST);
    asm.vector(VectorOp.ADD, BITS, NAN, NAN, SCORE);
    asm.compare(1, NAN, NAN, UNORDERED);
    asm.moveFromMask(RAX, 1);
    asm.test(RAX);
    asm.jump(Assembler.NOT_ZERO, undone);
    asm.vector(VectorOp.STORE_ONE, 128, LARGEST, 0, Mem.at(Arguments.D));
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, ExpCode.SHIFT, 0, LARGEST);
  }

  private void weights() {
    asm.vector(VectorOp.XOR_INT, BITS, SUM, SUM, SUM);
    asm.move(R10, Arguments.A);
    asm.move(RAX, Arguments.E);
    Label panel = asm.here();
    for (int j = 0; j < PANEL_VECTORS; j++) {
      int score = 0;
      asm.vector(VectorOp.LOAD, BITS, score, 0, Mem.at(R10, j * BYTES));
      int weight = exp.exponential(score);
      asm.vector(VectorOp.ADD, BITS, SUM, SUM, weight);
      asm.vector(VectorOp.STORE, BITS, weight, 0, Mem.at(R10, j * BYTES));
    }
    asm.addImmediate(R10, PANEL_VECTORS * BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, panel);
    asm.vector(VectorOp.MOVE_ALIGNED, BITS, 0, 0, SUM);
    LaneCode.sum(asm, BITS, 0, 1);
    asm.vector(VectorOp.STORE_ONE, 128, 0, 0, Mem.at(Arguments.D, 4));
  }
}
