package dev.wick.backend.cpu.emit;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/** Functions that are emitted one after the other and made executable together. */
final class Emission {
  private static final int ALIGNMENT = 64;

  private final ByteArrayOutputStream code = new ByteArrayOutputStream();
  private final List<NativeKernel> kernels = new ArrayList<>();

  /** A function, which may be called once {@link #finish} has returned. */
  NativeKernel add(byte[] function) {
    code.writeBytes(new byte[-code.size() & (ALIGNMENT - 1)]);
    NativeKernel kernel = new NativeKernel(code.size());
    code.writeBytes(function);
    kernels.add(kernel);
    return kernel;
  }

  /**
   * Makes the functions executable until the arena is closed.
   *
   * @throws EmissionException if the system refuses such memory
   */
  void finish(Arena arena) throws EmissionException {
    long start = CodeMemory.place(code.toByteArray(), arena);
    kernels.forEach(kernel -> kernel.place(start));
  }
}
