package dev.wick.backend.cpu.emit;

/** Where the arguments of a {@link NativeKernel} are when its code begins. */
final class Arguments {
  static final int A = Assembler.RSI;
  static final int B = Assembler.RDX;
  static final int C = Assembler.RCX;
  static final int D = Assembler.R8;
  static final int E = Assembler.R9;

  private Arguments() {}

  /**
   * An argument from f on.
   *
   * @param letter {@code 'f'} to {@code 'j'}
   * @param pushes registers that the code has saved on the stack
   */
  static Mem onStack(char letter, int pushes) {
    return Mem.at(Assembler.RSP, 8 * (1 + letter - 'f' + pushes));
  }
}
