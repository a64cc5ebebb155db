package dev.wick.engine.model;

import dev.wick.engine.model.PrefixIndex.Node;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One sequence's share of the key-value cache: the tokens computed so far, in order, and the blocks
 * that hold them. One thread at a time; closing returns the blocks.
 */
public final class KvLease implements AutoCloseable {
  private final KvPool pool;
  private int[] table = new int[4];
  private int blocks;
  private int length;
  private @Nullable Node remembered; // the last of the blocks whose tokens the pool knows
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
   * Begins with blocks that the pool remembers: those of the longest beginning of these tokens that
   * the same adapters have computed before. Its length is theirs afterwards, a multiple of the
   * block size. Shared blocks are never written again.
   *
   * @param adapters what is added to the base model for this sequence
   * @param tokens the sequence, by position
   * @param count how many of them may be taken from the cache
   * @return the length
   * @throws IllegalStateException if this lease is not empty
   */
  public int resume(List<AdapterUse> adapters, IntUnaryOperator tokens, int count) {
    checkOpen();
    if (blocks > 0) {
      throw new IllegalStateException(
          "kv lease: expected an empty lease to resume, got one of %d tokens and %d blocks"
              .formatted(length, blocks));
    }
    Node longest = pool.lease(adapters, tokens, count);
    table = Arrays.copyOf(table, Math.max(table.length, longest.depth()));
    for (Node node = longest; node.depth() > 0; node = node.ancestor(node.depth() - 1)) {
      table[node.depth() - 1] = node.block();
    }
    blocks = longest.depth();
    length = blocks * pool.blockSize();
    remembered = longest;
    return length;
  }

  /**
   * Lets the pool remember what the full blocks hold, so that others may {@link #resume} with them
   * now and after this lease is closed, until their memory is needed. Call it when the steps that
   * filled the blocks are over.
   *
   * @param adapters those of every step of this sequence
   * @param tokens the tokens of the sequence, by position; those below the length are asked for
   */
  public void remember(List<AdapterUse> adapters, IntUnaryOperator tokens) {
    checkOpen();
    int full = length / pool.blockSize();
    Node last = remembered;
    if (full == (last == null ? 0 : last.depth())) {
      return;
    }
    last = last == null ? pool.root(adapters) : last;
    while (last.depth() < full) {
      last = pool.remember(last, tokens, table[last.depth()]);
    }
    remembered = last;
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
    if (tokens % pool.blockSize() != 0 && tokens < length && !pool.reopen(table[kept - 1])) {
      throw new IllegalStateException(
          "kv lease: expected to keep whole blocks of %d tokens where they are shared, got %d tokens"
              .formatted(pool.blockSize(), tokens));
    }
    pool.giveBack(table, kept, blocks);
    blocks = kept;
    length = tokens;
    int full = tokens / pool.blockSize();
    remembered = remembered == null || full == 0 ? null : remembered.ancestor(full);
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
    other.remembered = remembered == null || shared == 0 ? null : remembered.ancestor(shared);
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
