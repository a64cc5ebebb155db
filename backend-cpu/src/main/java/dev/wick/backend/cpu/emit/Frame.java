package dev.wick.backend.cpu.emit;

/** Emits the beginning and the end of a function that needs more registers than it may change. */
final class Frame {
  private final Assembler asm;
  private final int[] saved;

  /**
   * @param saved registers that the caller wants back
   */
  Frame(Assembler asm, int... saved) {
    this.asm = asm;
    this.saved = saved.clone();
  }

  /** Saves the registers. */
  void enter() {
    for (int register : saved) {
      asm.push(register);
    }
  }

  /** Restores the registers and returns. */
  void leave() {
    for (int i = saved.length - 1; i >= 0; i--) {
      asm.pop(saved[i]);
    }
    asm.leave();
  }

  /** Loads an argument from f on, {@code 'f'} to {@code 'j'}, within the function. */
  void load(int to, char letter) {
    asm.load(to, Arguments.onStack(letter, saved.length));
  }
}
