package dev.wick.engine.model;

import dev.wick.engine.model.PrefixIndex.Node;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * The blocks of a paged key-value cache (Kwon et al. 2023, arXiv:2309.06180) and who has leased
 * them. It counts; the memory belongs to the model. Thread-safe.
 *
 * <p>A block that nobody has leased is free. It may still be known what a free block holds ({@link
 * KvLease#remember}); such blocks are taken last, the least recently used first, and until then a
 * sequence that begins with the same tokens can have them back ({@link KvLease#resume}).
 */
public final class KvPool {
  private final int blockSize;
  private final int blocks;
  private final long blockBytes;
  private final int[] references;
  private final BitSet used; // leased, or free and known
  private final PrefixIndex prefixes;
  private int free;

  /**
   * A pool of free blocks.
   *
   * @param blocks number of blocks
   * @param blockSize tokens per block
   */
  public KvPool(int blocks, int blockSize) {
    this(blocks, blockSize, 0);
  }

  /**
   * A pool of free blocks of some size.
   *
   * @param blocks number of blocks
   * @param blockSize tokens per block
   * @param blockBytes device memory of a block over all layers
   */
  public KvPool(int blocks, int blockSize, long blockBytes) {
    if (blocks < 1 || blockSize < 1) {
      throw new IllegalArgumentException(
          "kv pool: expected at least one block of one token, got %d of %d"
              .formatted(blocks, blockSize));
    }
    this.blocks = blocks;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
    this.references = new int[blocks];
    this.used = new BitSet(blocks);
    this.prefixes = new PrefixIndex(blocks, blockSize);
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

  /** Device memory of all blocks, in bytes; 0 if it was made without saying. */
  public long bytes() {
    return blocks * blockBytes;
  }

  /** Number of blocks that nobody has leased. */
  public synchronized int freeBlocks() {
    return free;
  }

  /** Number of free blocks whose tokens a new sequence may resume. */
  public synchronized int idleBlocks() {
    return prefixes.idleBlocks();
  }

  /** A lease for a new, empty sequence. */
  public KvLease lease() {
    return new KvLease(this);
  }

  /**
   * Takes the lowest free blocks, so that memory that was never used stays untouched; then those
   * whose tokens nobody has asked for longest.
   */
  synchronized void take(int[] target, int from, int to) {
    if (to - from > free) {
      throw new KvExhaustedException(to - from, free, blockSize);
    }
    int block = -1;
    for (int i = from; i < to; i++) {
      block = used.nextClearBit(block + 1);
      if (block >= blocks) {
        block = blocks - 1; // none is left, the next time neither
        target[i] = prefixes.evict();
      } else {
        used.set(block);
        target[i] = block;
      }
      references[target[i]] = 1;
    }
    free -= to - from;
  }

  synchronized void share(int[] table, int count) {
    for (int i = 0; i < count; i++) {
      references[table[i]]++;
    }
  }

  /** The longest known beginning of a sequence, whose blocks the caller has leased from now on. */
  synchronized Node lease(List<AdapterUse> adapters, IntUnaryOperator tokens, int count) {
    Node longest = prefixes.longest(adapters, tokens, count);
    for (Node node = longest; node.depth() > 0; node = node.ancestor(node.depth() - 1)) {
      if (references[node.block()]++ == 0) {
        prefixes.wake(node.block());
        free--;
      }
    }
    return longest;
  }

  /** Where the sequences begin that these adapters compute. */
  synchronized Node root(List<AdapterUse> adapters) {
    return prefixes.root(adapters);
  }

  /** Notes what a leased block holds. */
  synchronized Node remember(Node parent, IntUnaryOperator tokens, int block) {
    return prefixes.add(parent, tokens, block);
  }

  /** Prepares a block for being written again; returns false if others see what it holds. */
  synchronized boolean reopen(int block) {
    if (references[block] > 1) {
      return false;
    }
    prefixes.forget(block);
    return true;
  }

  /** The last block first, see {@link PrefixIndex}. */
  synchronized void giveBack(int[] table, int from, int to) {
    for (int i = to - 1; i >= from; i--) {
      int block = table[i];
      if (--references[block] == 0) {
        free++;
        if (prefixes.knows(block)) {
          prefixes.rest(block);
        } else {
          used.clear(block);
        }
      }
    }
  }
}
