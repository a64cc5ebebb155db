package dev.wick.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class KvLeaseTest {
  /** A lease, and the tokens that its sequence consists of. */
  private record Sequence(KvLease lease, List<Integer> tokens) {}

  @Test
  void leases_atRandom_keepTheirTokensAndLoseNoBlock() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 60; round++) {
      KvPool pool = new KvPool(1 + random.nextInt(30), 1 + random.nextInt(6));
      // What a cache would hold: by row.
      Map<Integer, Integer> cache = new HashMap<>();
      List<Sequence> sequences = new ArrayList<>();
      for (int step = 0; step < 200; step++) {
        act(random, pool, cache, sequences);
        check(pool, cache, sequences, "seed " + seed);
      }
      sequences.forEach(sequence -> sequence.lease().close());
      assertThat(pool.freeBlocks()).as("seed %d", seed).isEqualTo(pool.blocks());
    }
  }

  private static void act(
      SplittableRandom random, KvPool pool, Map<Integer, Integer> cache, List<Sequence> sequences) {
    if (sequences.isEmpty() || random.nextInt(5) == 0) {
      sequences.add(new Sequence(pool.lease(), new ArrayList<>()));
      return;
    }
    int chosen = random.nextInt(sequences.size());
    KvLease lease = sequences.get(chosen).lease();
    List<Integer> tokens = sequences.get(chosen).tokens();
    switch (random.nextInt(6)) {
      case 0 -> {
        lease.close();
        sequences.remove(chosen);
      }
      case 1 -> {
        int kept = random.nextInt(tokens.size() + 1);
        try {
          lease.truncate(kept);
          tokens.subList(kept, tokens.size()).clear();
        } catch (IllegalStateException shared) {
          assertThat(kept % pool.blockSize()).isNotZero();
        }
      }
      case 2 -> {
        KvLease other = lease.sharePrefix(random.nextInt(tokens.size() + 3));
        sequences.add(new Sequence(other, new ArrayList<>(tokens.subList(0, other.length()))));
      }
      default -> {
        int more = random.nextInt(2 * pool.blockSize() + 2);
        int free = pool.freeBlocks();
        try {
          lease.reserve(more);
        } catch (KvExhaustedException e) {
          assertThat(pool.freeBlocks()).isEqualTo(free);
          return;
        }
        for (int i = 0; i < more; i++) {
          int token = random.nextInt();
          cache.put(lease.slot(lease.length() + i), token);
          tokens.add(token);
        }
        lease.advance(more);
      }
    }
  }

  private static void check(
      KvPool pool, Map<Integer, Integer> cache, List<Sequence> sequences, String seed) {
    boolean[] held = new boolean[pool.blocks()];
    for (Sequence sequence : sequences) {
      KvLease lease = sequence.lease();
      assertThat(lease.length()).as(seed).isEqualTo(sequence.tokens().size());
      for (int b = 0; b < lease.blocks(); b++) {
        held[lease.block(b)] = true;
      }
      for (int p = 0; p < lease.length(); p++) {
        assertThat(cache.get(lease.slot(p)))
            .as("token at %d, %s", p, seed)
            .isEqualTo(sequence.tokens().get(p));
      }
    }
    int free = 0;
    for (boolean block : held) {
      free += block ? 0 : 1;
    }
    assertThat(pool.freeBlocks()).as("free blocks, %s", seed).isEqualTo(free);
  }

  @Test
  void reserve_moreThanThereIs_takesNothing() {
    KvPool pool = new KvPool(3, 4);
    KvLease lease = pool.lease();
    lease.reserve(4);

    assertThatThrownBy(() -> lease.reserve(13))
        .isInstanceOf(KvExhaustedException.class)
        .hasMessageContaining("expected 3 free blocks of 4 tokens, got 2")
        .hasMessageContaining("kvTokens");
    assertThat(pool.freeBlocks()).isEqualTo(2);
    assertThat(lease.blocks()).isEqualTo(1);
  }

  @Test
  void advance_beyondWhatIsReserved_isRefused() {
    KvLease lease = new KvPool(3, 4).lease();
    lease.reserve(3);
    lease.advance(4);

    assertThatThrownBy(() -> lease.advance(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("kv lease: expected at most 0 reserved tokens, got 1");
  }

  @Test
  void truncate_intoASharedBlock_isRefused() {
    KvPool pool = new KvPool(4, 4);
    KvLease first = pool.lease();
    first.reserve(8);
    first.advance(8);
    KvLease second = first.sharePrefix(8);

    assertThatThrownBy(() -> first.truncate(6))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected to keep whole blocks of 4 tokens where they are shared");
    assertThatThrownBy(() -> second.truncate(1)).isInstanceOf(IllegalStateException.class);
    assertThat(first.length()).isEqualTo(8);
    first.truncate(4);
    second.close();
    first.truncate(3);
    assertThat(pool.freeBlocks()).isEqualTo(3);
  }

  @Test
  void truncate_toMoreThanThereIs_isRefused() {
    KvLease lease = new KvPool(4, 4).lease();

    assertThatThrownBy(() -> lease.truncate(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kv lease: expected a length within 0..0, got 1");
  }

  @Test
  void close_twice_returnsBlocksOnce() {
    KvPool pool = new KvPool(4, 4);
    KvLease lease = pool.lease();
    lease.reserve(16);

    lease.close();
    lease.close();

    assertThat(pool.freeBlocks()).isEqualTo(4);
    assertThatThrownBy(() -> lease.reserve(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("kv lease: expected an open lease, got a closed one");
  }

  @Test
  void pool_byManyThreads_givesNoBlockTwice() throws Exception {
    KvPool pool = new KvPool(64, 2);
    boolean[] taken = new boolean[64];
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        tasks.add(() -> leaseAndReturn(pool, taken));
      }
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        assertThat(task.get()).isTrue();
      }
    }

    assertThat(pool.freeBlocks()).isEqualTo(64);
  }

  private static boolean leaseAndReturn(KvPool pool, boolean[] taken) {
    boolean alone = true;
    for (int round = 0; round < 2000; round++) {
      try (KvLease lease = pool.lease()) {
        lease.reserve(1 + round % 30);
        synchronized (taken) {
          for (int b = 0; b < lease.blocks(); b++) {
            alone &= !taken[lease.block(b)];
            taken[lease.block(b)] = true;
          }
        }
        synchronized (taken) {
          for (int b = 0; b < lease.blocks(); b++) {
            taken[lease.block(b)] = false;
          }
        }
      }
    }
    return alone;
  }

  @Test
  void pool_ofNothing_isRefused() {
    assertThatThrownBy(() -> new KvPool(0, 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kv pool: expected at least one block of one token, got 0 of 32");
  }
}
