package dev.wick.backend.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * What the system is told about memory: {@code madvise} of Linux, where native access is granted.
 */
final class MemoryAdvice {
  private static final long PAGE_BYTES = 4096;

  private static final boolean AVAILABLE =
      System.getProperty("os.name", "").equals("Linux")
          && MemoryAdvice.class.getModule().isNativeAccessEnabled();

  private MemoryAdvice() {}

  /** Whether the system can be told. */
  static boolean isAvailable() {
    return AVAILABLE;
  }

  /** Asks for pages of 2 MiB; a system that has none refuses, which changes nothing. */
  static void largePages(MemorySegment memory) {
    Call.advise(memory.address(), memory.byteSize(), Call.HUGE_PAGE);
  }

  /**
   * Gives back the pages that lie wholly between two addresses, which must be mapped from a file
   * and never written: who reads them again finds the file's bytes.
   */
  static void release(long begin, long end) {
    long first = (begin + PAGE_BYTES - 1) & -PAGE_BYTES;
    long last = end & -PAGE_BYTES;
    if (first < last) {
      Call.advise(first, last - first, Call.DONT_NEED);
    }
  }

  /** The call itself; apart, since linking to it wants native access. */
  @SuppressWarnings("restricted")
  private static final class Call {
    private static final int DONT_NEED = 4;
    private static final int HUGE_PAGE = 14;
    private static final MethodHandle MADVISE =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("madvise"),
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT));

    static void advise(long address, long byteSize, int advice) {
      try {
        // Refused where pages are larger than thought or locked: nothing is lost but memory.
        int _ = (int) MADVISE.invokeExact(address, byteSize, advice);
      } catch (Throwable e) {
        throw new AssertionError("madvise", e);
      }
    }
  }
}
