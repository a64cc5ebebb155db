package dev.wick.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Zeroed memory for what is written as a whole and read again and again. Where Linux grants them it
 * lies in pages of 2 MiB: reading weights goes through memory so fast that looking up pages of 4
 * KiB takes a part of the time.
 *
 * <p>Blocks share pieces of memory; a piece is freed with its last block. Thread-safe.
 */
final class LargePages {
  private static final long PIECE_BYTES = 64L << 20;
  private static final long PAGE_BYTES = 2L << 20;
  private static final long ALIGNMENT = 64;

  private @Nullable Piece current;

  /**
   * Memory that lives as long as the arena, aligned to a cache line.
   *
   * @throws OutOfMemoryError if there is not enough
   */
  MemorySegment allocate(long byteSize, Arena arena) {
    return MemoryAdvice.isAvailable()
        ? inPiece(byteSize, arena)
        : HostMemory.allocate(byteSize, arena);
  }

  @SuppressWarnings("restricted") // asked for above
  private synchronized MemorySegment inPiece(long byteSize, Arena arena) {
    Piece piece = current;
    if (piece == null || byteSize > piece.left()) {
      piece = new Piece(Math.max(PIECE_BYTES, byteSize));
      current = piece;
    }
    Piece owner = piece;
    return owner.take(byteSize).reinterpret(arena, _ -> release(owner));
  }

  private synchronized void release(Piece piece) {
    if (piece.isLast()) {
      current = current == piece ? null : current;
      piece.arena.close();
    }
  }

  /** Memory that is handed out from its front. */
  private static final class Piece {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private long used;
    private int blocks;

    Piece(long byteSize) {
      MemorySegment all = HostMemory.allocate(byteSize + PAGE_BYTES, arena);
      long padding = -all.address() & (PAGE_BYTES - 1);
      memory = all.asSlice(padding, byteSize);
      MemoryAdvice.largePages(memory);
    }

    long left() {
      return memory.byteSize() - used;
    }

    MemorySegment take(long byteSize) {
      MemorySegment block = memory.asSlice(used, byteSize);
      used = Math.min(memory.byteSize(), (used + byteSize + ALIGNMENT - 1) & -ALIGNMENT);
      blocks++;
      return block;
    }

    boolean isLast() {
      return --blocks == 0;
    }
  }
}
