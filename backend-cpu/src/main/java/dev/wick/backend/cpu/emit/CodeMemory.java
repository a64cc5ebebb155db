package dev.wick.backend.cpu.emit;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Pages of machine code: written first and made executable then, so that they are never both
 * writable and executable.
 */
@SuppressWarnings("restricted") // whoever emits code asks first whether native access is granted
final class CodeMemory {
  private static final long READ_WRITE = 3;
  private static final long READ_EXECUTE = 5;
  private static final long PRIVATE_ANONYMOUS = 0x22;

  private static final MethodHandle MMAP = function("mmap");
  private static final MethodHandle MPROTECT = function("mprotect");
  private static final MethodHandle MUNMAP = function("munmap");

  private CodeMemory() {}

  // Six longs in registers for all: what a function does not take it does not see, of a long it
  // takes for an int it sees
  // the low half, and the linker makes one stub instead of three. Only Linux on x86-64 comes here.
  private static MethodHandle function(String name) {
    Linker linker = Linker.nativeLinker();
    FunctionDescriptor descriptor =
        FunctionDescriptor.of(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  /**
   * Places code into executable memory that is freed with the arena.
   *
   * @return the address of the first byte
   * @throws EmissionException if the system refuses such memory
   */
  static long place(byte[] code, Arena arena) throws EmissionException {
    long size = Math.max(1, code.length);
    long address = map(size);
    if (address == -1) {
      throw new EmissionException("the system refuses %d bytes for machine code".formatted(size));
    }
    MemorySegment pages =
        MemorySegment.ofAddress(address).reinterpret(size, arena, CodeMemory::unmap);
    MemorySegment.copy(code, 0, pages, ValueLayout.JAVA_BYTE, 0, code.length);
    if (protect(address, size) != 0) {
      throw new EmissionException("the system refuses to make memory executable");
    }
    return address;
  }

  private static long map(long size) {
    try {
      return (long) MMAP.invokeExact(0L, size, READ_WRITE, PRIVATE_ANONYMOUS, -1L, 0L);
    } catch (Throwable e) {
      throw new AssertionError("mmap", e);
    }
  }

  private static int protect(long address, long size) {
    try {
      return (int) (long) MPROTECT.invokeExact(address, size, READ_EXECUTE, 0L, 0L, 0L);
    } catch (Throwable e) {
      throw new AssertionError("mprotect", e);
    }
  }

  private static void unmap(MemorySegment pages) {
    try {
      int code = (int) (long) MUNMAP.invokeExact(pages.address(), pages.byteSize(), 0L, 0L, 0L, 0L);
      if (code != 0) {
        throw new IllegalStateException("munmap: expected 0, got " + code);
      }
    } catch (IllegalStateException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("munmap", e);
    }
  }
}
