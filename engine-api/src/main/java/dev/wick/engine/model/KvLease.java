package dev.wick.engine.model;

import java.util.Arrays;
import java.util.Objects;

/**
 * One sequence's share of the key-value cache: the tokens computed so far, in order, and the blocks
 * that hold them. One thread at a time; closing returns the blocks.
 */
public final class KvLease implements AutoCloseable {
  private final KvPool pool;
  private int[] table = new int[4];
  private int blocks;
  private int length;
  private boolean closed;

  KvLease(KvPool pool) {
    this.pool = pool;
  }

  /** The pool it is from. */
  public KvPool pool() {
    return pool;
  }

  /** Number of tokens in the cache: the position of the next one. */
  public int length() {
    return length;
  }

  /** Number of blocks held. */
  public int blocks() {
    return blocks;
  }

  /**
   * Makes room for more tokens.
   *
   * @throws KvExhaustedException if the pool has too few free blocks; nothing is taken then
   */
  public void reserve(int tokens) {
    checkOpen();
    int needed = Math.ceilDiv(length + tokens, pool.blockSize());
    if (needed <= blocks) {
      return;
    }
    if (needed > table.length) {
      table = Arrays.copyOf(table, Math.max(needed, 2 * table.length));
    }
    pool.take(table, blocks, needed);
    blocks = needed;
  }

  /** Notes that reserved room has been filled. */
  public void advance(int tokens) {
    checkOpen();
    if (tokens < 0 || length + tokens > blocks * pool.blockSize()) {
      throw new IllegalStateException(
          "kv lease: expected at most %d reserved tokens, got %d"
              .formatted(blocks * pool.blockSize() - length, tokens));
    }
    length += tokens;
  }

  /**
   * Forgets all but the first tokens and returns the blocks that become empty.
   *
   * @throws IllegalStateException if the last of the tokens would stand in the middle of a block
   *     that another lease shares: the next tokens would overwrite what the other one sees
   */
  public void truncate(int tokens) {
    checkOpen();
    if (tokens < 0 || tokens > length) {
      throw new IllegalArgumentException(
          "kv lease: expected a length within 0..%d, got %d".formatted(length, tokens));
    }
    int kept = Math.ceilDiv(tokens, pool.blockSize());
    if (tokens % pool.blockSize() != 0 && tokens < length && pool.isShared(table[kept - 1])) {
      throw new IllegalStateException(
          "kv lease: expected to keep whole blocks of %d tokens where they are shared, got %d tokens"
              .formatted(pool.blockSize(), tokens));
    }
    pool.giveBack(table, kept, blocks);
    blocks = kept;
    length = tokens;
  }

  /**
   * A lease of another sequence that begins with the same tokens: it shares the full blocks among
   * the first {@code tokens} and has their length. Shared blocks are never written again.
   */
  public KvLease sharePrefix(int tokens) {
    checkOpen();
    int shared = Math.min(tokens, length) / pool.blockSize();
    KvLease other = new KvLease(pool);
    other.table = Arrays.copyOf(table, Math.max(4, shared));
    other.blocks = shared;
    other.length = shared * pool.blockSize();
    pool.share(table, shared);
    return other;
  }

  /** The block that holds the tokens from {@code index * blockSize} on. */
  public int block(int index) {
    return table[Objects.checkIndex(index, blocks)];
  }

  /** Row of the cache, counted in tokens over all blocks, for a position with room. */
  public int slot(int position) {
    return block(position / pool.blockSize()) * pool.blockSize() + position % pool.blockSize();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("kv lease: expected an open lease, got a closed one");
    }
  }

  /** Returns the blocks; idempotent. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      pool.giveBack(table, 0, blocks);
      blocks = 0;
      length = 0;
    }
  }
}
