package dev.wick.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.HostTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Blocks whose tokens the pool remembers. */
class PrefixReuseTest {
  private static final int BLOCK = 4;

  private final KvPool pool = new KvPool(8, BLOCK);

  /** Equal in all but identity. */
  private static final class SomeAdapter implements Adapter {
    @Override
    public String name() {
      return "some";
    }

    @Override
    public long version() {
      return 1;
    }

    @Override
    public Map<String, LowRank> deltas() {
      return Map.of();
    }

    @Override
    public Map<String, HostTensor> replacements() {
      return Map.of();
    }
  }

  private static int counting(int position) {
    return 100 + position;
  }

  private static KvLease filled(KvPool pool, int tokens) {
    KvLease lease = pool.lease();
    lease.reserve(tokens);
    lease.advance(tokens);
    return lease;
  }

  @Test
  void resume_afterClose_getsTheFullBlocksBack() {
    KvLease first = filled(pool, 11);
    first.remember(List.of(), PrefixReuseTest::counting);
    int[] blocks = {first.block(0), first.block(1)};
    first.close();
    assertThat(pool.freeBlocks()).isEqualTo(8);
    assertThat(pool.idleBlocks()).isEqualTo(2);

    KvLease second = pool.lease();

    assertThat(second.resume(List.of(), PrefixReuseTest::counting, 11)).isEqualTo(8);
    assertThat(second.length()).isEqualTo(8);
    assertThat(new int[] {second.block(0), second.block(1)}).isEqualTo(blocks);
    assertThat(pool.freeBlocks()).isEqualTo(6);
    assertThat(pool.idleBlocks()).isZero();
  }

  @Test
  void resume_besideTheFirst_sharesItsBlocks() {
    KvLease first = filled(pool, 8);
    first.remember(List.of(), PrefixReuseTest::counting);
    KvLease second = pool.lease();

    assertThat(second.resume(List.of(), PrefixReuseTest::counting, 8)).isEqualTo(8);
    assertThat(second.block(1)).isEqualTo(first.block(1));
    assertThat(pool.freeBlocks()).isEqualTo(6);
    first.close();
    assertThat(pool.freeBlocks()).isEqualTo(6);
    second.close();
    assertThat(pool.freeBlocks()).isEqualTo(8);
  }

  @Test
  void resume_fewerTokensAllowed_takesWholeBlocksBelow() {
    filled(pool, 12).remember(List.of(), PrefixReuseTest::counting);

    assertThat(pool.lease().resume(List.of(), PrefixReuseTest::counting, 11)).isEqualTo(8);
    assertThat(pool.lease().resume(List.of(), PrefixReuseTest::counting, 3)).isZero();
  }

  @Test
  void resume_otherTokenInTheMiddle_takesWhatStandsBefore() {
    filled(pool, 12).remember(List.of(), PrefixReuseTest::counting);

    assertThat(pool.lease().resume(List.of(), p -> p == 6 ? 0 : 100 + p, 12)).isEqualTo(4);
  }

  @Test
  void resume_otherAdapters_getsNothing() {
    Adapter adapter = new SomeAdapter();
    List<AdapterUse> uses = List.of(new AdapterUse(adapter, 1));
    filled(pool, 8).remember(uses, PrefixReuseTest::counting);

    assertThat(pool.lease().resume(List.of(), PrefixReuseTest::counting, 8)).isZero();
    assertThat(
            pool.lease()
                .resume(
                    List.of(new AdapterUse(new SomeAdapter(), 1)), PrefixReuseTest::counting, 8))
        .isZero();
    assertThat(
            pool.lease()
                .resume(List.of(new AdapterUse(adapter, 0.5f)), PrefixReuseTest::counting, 8))
        .isZero();
    assertThat(
            pool.lease()
                .resume(List.of(uses.getFirst(), uses.getFirst()), PrefixReuseTest::counting, 8))
        .isZero();
    assertThat(
            pool.lease().resume(List.of(new AdapterUse(adapter, 1)), PrefixReuseTest::counting, 8))
        .isEqualTo(8);
  }

  @Test
  void resume_leaseInUse_isRefused() {
    KvLease lease = filled(pool, 5);

    assertThatThrownBy(() -> lease.resume(List.of(), PrefixReuseTest::counting, 5))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "kv lease: expected an empty lease to resume, got one of 5 tokens and 2 blocks");
  }

  @Test
  void reserve_noUnknownBlockFree_evictsTheLeastRecentlyUsed() {
    for (int text = 0; text < 4; text++) {
      try (KvLease lease = filled(pool, 8)) {
        int first = 1000 * text;
        lease.remember(List.of(), p -> first + p);
      }
    }
    try (KvLease again = pool.lease()) {
      assertThat(again.resume(List.of(), p -> p, 8)).isEqualTo(8); // text 0 is used once more
    }
    KvLease taker = filled(pool, 12);

    assertThat(pool.idleBlocks()).isEqualTo(5);
    assertThat(pool.lease().resume(List.of(), p -> 1000 + p, 8)).isZero();
    assertThat(pool.lease().resume(List.of(), p -> 2000 + p, 8)).isEqualTo(4); // its end went first
    assertThat(pool.lease().resume(List.of(), p -> p, 8)).isEqualTo(8);
    taker.close();
  }

  @Test
  void truncate_intoARememberedBlock_forgetsIt() {
    KvLease lease = filled(pool, 8);
    lease.remember(List.of(), PrefixReuseTest::counting);
    lease.truncate(6);
    lease.advance(2); // other tokens

    assertThat(pool.lease().resume(List.of(), PrefixReuseTest::counting, 8)).isEqualTo(4);
    lease.remember(List.of(), p -> p < 6 ? 100 + p : 7);
    assertThat(pool.lease().resume(List.of(), PrefixReuseTest::counting, 8)).isEqualTo(4);
    assertThat(pool.lease().resume(List.of(), p -> p < 6 ? 100 + p : 7, 8)).isEqualTo(8);
  }

  @Test
  void leases_atRandom_resumeOnlyWhatTheyWouldHaveComputed() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    int reused = 0;
    for (int round = 0; round < 40; round++) {
      int size = 1 + random.nextInt(5);
      KvPool some = new KvPool(6 + random.nextInt(24), size);
      int[] memory = new int[some.blocks() * size]; // what a model would have computed there
      List<AdapterUse> adapter = List.of(new AdapterUse(new SomeAdapter(), 1));
      Map<KvLease, int[]> texts = new HashMap<>();
      List<KvLease> open = new ArrayList<>();
      for (int step = 0; step < 150; step++) {
        if (open.size() == 4 || (!open.isEmpty() && random.nextInt(3) == 0)) {
          KvLease chosen = open.get(random.nextInt(open.size()));
          if (random.nextInt(2) == 0) {
            shorten(chosen, random.nextInt(chosen.length() + 1));
          } else {
            chosen.close();
            open.remove(chosen);
            texts.remove(chosen);
            continue;
          }
        }
        int[] text = IntStream.range(0, 20).map(_ -> random.nextInt(2)).toArray();
        text[0] = random.nextInt(2); // stands for the adapters too
        List<AdapterUse> uses = text[0] == 0 ? List.of() : adapter;
        KvLease lease = some.lease();
        open.add(lease);
        texts.put(lease, text);
        reused += lease.resume(uses, p -> text[p], 20);
        int more = random.nextInt(21 - lease.length());
        try {
          lease.reserve(more);
        } catch (KvExhaustedException e) {
          continue;
        }
        for (int p = lease.length(); p < lease.length() + more; p++) {
          memory[lease.slot(p)] = computed(text, p);
        }
        lease.advance(more);
        lease.remember(uses, p -> text[p]);
        for (KvLease each : open) {
          for (int p = 0; p < each.length(); p++) {
            assertThat(memory[each.slot(p)])
                .as("seed %d, token %d", seed, p)
                .isEqualTo(computed(texts.get(each), p));
          }
        }
      }
      open.forEach(KvLease::close);
      assertThat(some.freeBlocks()).as("seed %d", seed).isEqualTo(some.blocks());
    }
    assertThat(reused).as("seed %d", seed).isPositive();
  }

  private static void shorten(KvLease lease, int tokens) {
    try {
      lease.truncate(tokens);
    } catch (IllegalStateException shared) {
      assertThat(tokens % lease.pool().blockSize()).isNotZero();
    }
  }

  /** Depends on all tokens so far, as keys and values do. */
  private static int computed(int[] text, int position) {
    int value = 1;
    for (int i = 0; i <= position; i++) {
      value = 31 * value + text[i] + 1;
    }
    return value;
  }
}
