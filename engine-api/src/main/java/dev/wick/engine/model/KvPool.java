package dev.wick.engine.model;

import java.util.BitSet;

/**
 * The blocks of a paged key-value cache (Kwon et al. 2023, arXiv:2309.06180) and who has leased
 * them. It counts; the memory belongs to the model. Thread-safe.
 */
public final class KvPool {
  private final int blockSize;
  private final int blocks;
  private final int[] references;
  private final BitSet used;
  private int free;

  /**
   * A pool of free blocks.
   *
   * @param blocks number of blocks
   * @param blockSize tokens per block
   */
  public KvPool(int blocks, int blockSize) {
    if (blocks < 1 || blockSize < 1) {
      throw new IllegalArgumentException(
          "kv pool: expected at least one block of one token, got %d of %d"
              .formatted(blocks, blockSize));
    }
    this.blocks = blocks;
    this.blockSize = blockSize;
    this.references = new int[blocks];
    this.used = new BitSet(blocks);
    this.free = blocks;
  }

  /** Tokens per block. */
  public int blockSize() {
    return blockSize;
  }

  /** Number of blocks. */
  public int blocks() {
    return blocks;
  }

  /** Number of blocks that nobody has leased. */
  public synchronized int freeBlocks() {
    return free;
  }

  /** A lease for a new, empty sequence. */
  public KvLease lease() {
    return new KvLease(this);
  }

  /** Takes the lowest free blocks, so that memory that was never used stays untouched. */
  synchronized void take(int[] target, int from, int to) {
    if (to - from > free) {
      throw new KvExhaustedException(to - from, free, blockSize);
    }
    int block = -1;
    for (int i = from; i < to; i++) {
      block = used.nextClearBit(block + 1);
      used.set(block);
      references[block] = 1;
      target[i] = block;
    }
    free -= to - from;
  }

  synchronized void share(int[] table, int count) {
    for (int i = 0; i < count; i++) {
      references[table[i]]++;
    }
  }

  synchronized boolean isShared(int block) {
    return references[block] > 1;
  }

  synchronized void giveBack(int[] table, int from, int to) {
    for (int i = from; i < to; i++) {
      if (--references[table[i]] == 0) {
        used.clear(table[i]);
        free++;
      }
    }
  }
}
