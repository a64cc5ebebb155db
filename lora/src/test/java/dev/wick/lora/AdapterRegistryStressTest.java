package dev.wick.lora;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.TestAdapters.Marked;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Requests on many threads while adapters are exchanged beneath them. */
class AdapterRegistryStressTest {
  private static final int SWAPS = 10_000;
  private static final int READERS = 6;

  @Test
  void publish_whileRequestsRun_mixesNothingAndLeaksNothing() throws Exception {
    AdapterRegistry registry = new AdapterRegistry();
    Queue<Marked> all = new ConcurrentLinkedQueue<>();
    registry.publish("hot", kept(all, 1));
    AtomicBoolean done = new AtomicBoolean();
    AtomicLong requests = new AtomicLong();
    List<Future<?>> readers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(READERS);
        AutoCloseable _ = () -> done.set(true)) {
      for (int i = 0; i < READERS; i++) {
        readers.add(
            threads.submit(
                () -> {
                  while (!done.get()) {
                    requestMustSeeOneVersion(registry);
                    requests.incrementAndGet();
                  }
                }));
      }
      for (int version = 2; version <= SWAPS; version++) {
        // Every tenth publication is taken back, so that versions also go from the top.
        assertThat(registry.publish("hot", kept(all, version))).isEqualTo(version);
        if (version % 10 == 0) {
          registry.rollback("hot");
        }
      }
      done.set(true);
      for (Future<?> reader : readers) {
        reader.get();
      }
    }

    assertThat(requests.get()).isPositive();
    assertThat(all.stream().filter(adapter -> !adapter.isClosed()).count()).isLessThanOrEqualTo(2);
    registry.unload("hot");
    assertThat(all).hasSize(SWAPS).allMatch(Marked::isClosed);
    assertThat(registry.byteSize()).isZero();
  }

  @Test
  void activate_whileNamesComeAndGo_neverGivesAClosedAdapter() throws Exception {
    AdapterRegistry registry = new AdapterRegistry();
    List<String> names = List.of("a", "b", "c");
    for (String name : names) {
      registry.publish(name, new Marked(1));
    }
    AtomicBoolean done = new AtomicBoolean();
    List<Future<?>> readers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(READERS);
        AutoCloseable _ = () -> done.set(true)) {
      for (int i = 0; i < READERS; i++) {
        readers.add(
            threads.submit(
                () -> {
                  while (!done.get()) {
                    registry
                        .acquireActive()
                        .ifPresent(
                            lease -> {
                              try (lease) {
                                assertThat(values(lease)).containsOnly((float) lease.version());
                              }
                            });
                  }
                }));
      }
      for (int i = 0; i < SWAPS; i++) {
        String name = names.get(i % names.size());
        registry.activate(name);
        if (i % 50 == 0) {
          registry.unload(name);
          registry.publish(name, new Marked(2 + i / (50 * names.size())));
        }
      }
      done.set(true);
      for (Future<?> reader : readers) {
        reader.get();
      }
    }
    registry.close();
    assertThat(registry.byteSize()).isZero();
  }

  private static Marked kept(Queue<Marked> all, int version) {
    Marked adapter = new Marked(version);
    all.add(adapter);
    return adapter;
  }

  private static void requestMustSeeOneVersion(AdapterRegistry registry) {
    try (AdapterLease lease = registry.acquire("hot")) {
      for (int step = 0; step < 3; step++) {
        assertThat(values(lease)).containsOnly((float) lease.version());
        Thread.onSpinWait();
      }
    }
  }

  private static float[] values(AdapterLease lease) {
    HostTensor a = lease.adapter().deltas().values().iterator().next().a();
    return a.toFloatArray();
  }
}
