package dev.wick.backend.cpu.emit;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * An emitted function. All have one signature, so that the linker makes one stub for all: a segment
 * that must stay alive during the call, ten numbers, a float, and a float as the result. In the
 * calling convention of System V the numbers are in {@code rsi rdx rcx r8 r9} and then on the
 * stack, the float and the result in lane 0 of register 0.
 *
 * <p>Calls are short (below a millisecond) and do not pass through a change of thread state.
 * Nothing is checked: whoever calls has made sure that every access is inside of live memory.
 */
@SuppressWarnings("restricted") // whoever emits code asks first whether native access is granted
final class NativeKernel {
  private static final FunctionDescriptor SIGNATURE =
      FunctionDescriptor.of(
          ValueLayout.JAVA_FLOAT,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_FLOAT);
  private static final MethodHandle CALL =
      Linker.nativeLinker().downcallHandle(SIGNATURE, Linker.Option.critical(false));

  private final long offset;
  private MemorySegment target = MemorySegment.NULL;

  /** The function at an offset in memory that is yet to be found. */
  NativeKernel(long offset) {
    this.offset = offset;
  }

  /** Says where the memory is, which must outlive this object. */
  void place(long start) {
    target = MemorySegment.ofAddress(start + offset);
  }

  float call(
      MemorySegment alive,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g,
      long h,
      long i,
      long j,
      float s) {
    try {
      return (float) CALL.invokeExact(target, alive, a, b, c, d, e, f, g, h, i, j, s);
    } catch (Throwable thrown) {
      throw rethrow(thrown);
    }
  }

  /** Only a dead segment makes a call throw, and that unchecked. */
  private static RuntimeException rethrow(Throwable thrown) {
    return switch (thrown) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> new IllegalStateException("kernel: expected no checked exception", thrown);
    };
  }
}
