package dev.wick.backend.cpu.emit;

/**
 * Emits the sums of the lanes of several vectors at once, of 512 bits each: half the instructions
 * of {@link LaneCode} for each of them, and the additions are the same.
 */
final class LaneSumCode {
  private static final int BITS = 512;

  private final Assembler asm;
  private final int spare;

  /**
   * @param spare a register
   */
  LaneSumCode(Assembler asm, int spare) {
    this.asm = asm;
    this.spare = spare;
  }

  /**
   * Adds up the lanes of vectors {@code [row][column]} of three rows and four columns; afterwards
   * part i of 128 bits of the first vector has, of column i, the sums of the three rows.
   */
  void sum(int[][] vectors) {
    for (int[] row : vectors) {
      parts(0x44, 0xee, row[0], row[1]);
      parts(0x44, 0xee, row[2], row[3]);
      parts(0x88, 0xdd, row[0], row[2]);
    }
    int first = vectors[0][0];
    int third = vectors[2][0];
    pairs(first, vectors[1][0]);
    pairs(third, third);
    asm.vector(VectorOp.SHUFFLE_32, BITS, spare, first, third, 0x88);
    asm.vector(VectorOp.SHUFFLE_32, BITS, first, first, third, 0xdd);
    asm.vector(VectorOp.ADD, BITS, first, spare, first);
  }

  /** Adds halves of two vectors, or of the halves of each: to a. */
  private void parts(int low, int high, int a, int b) {
    asm.vector(VectorOp.SHUFFLE_128, BITS, spare, a, b, low);
    asm.vector(VectorOp.SHUFFLE_128, BITS, a, a, b, high);
    asm.vector(VectorOp.ADD, BITS, a, spare, a);
  }

  /** Adds the halves of every four lanes: to a. */
  private void pairs(int a, int b) {
    asm.vector(VectorOp.UNPACK_LOW_64, BITS, spare, a, b);
    asm.vector(VectorOp.UNPACK_HIGH_64, BITS, a, a, b);
    asm.vector(VectorOp.ADD, BITS, a, spare, a);
  }
}
