package dev.wick.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.Adapter;
import dev.wick.lora.peft.TestAdapters;
import dev.wick.lora.peft.TestAdapters.Marked;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdapterRegistryTest {
  private static final long BYTES = 2 * 4 * 64;

  private final AdapterRegistry registry = new AdapterRegistry();

  @Test
  void publish_again_countsVersionsAndReplacesTheCurrentOne() {
    assertThat(registry.publish("sql", new Marked(1))).isEqualTo(1);
    assertThat(registry.publish("sql", new Marked(2))).isEqualTo(2);

    try (AdapterLease lease = registry.acquire("sql")) {
      assertThat(lease.version()).isEqualTo(2);
      assertThat(lease.adapter().name()).isEqualTo("sql");
      assertThat(lease.adapter().version()).isEqualTo(2);
      assertThat(first(lease.adapter())).isEqualTo(2);
      assertThat(lease.use(0.5f).weight()).isEqualTo(0.5f);
    }
  }

  @Test
  void acquire_beforePublish_keepsItsVersion() {
    Marked one = new Marked(1);
    registry.publish("sql", one);
    try (AdapterLease lease = registry.acquire("sql")) {
      registry.publish("sql", new Marked(2));
      registry.publish("sql", new Marked(3));
      registry.unload("sql");

      assertThat(first(lease.adapter())).isEqualTo(1);
      assertThat(one.isClosed()).isFalse();
    }
    assertThat(one.isClosed()).isTrue();
  }

  @Test
  void publish_beyondTheVersionsKept_closesTheOldest() {
    List<Marked> published = List.of(new Marked(1), new Marked(2), new Marked(3));
    published.forEach(adapter -> registry.publish("sql", adapter));

    assertThat(published).extracting(Marked::isClosed).containsExactly(true, false, false);
    assertThat(registry.byteSize()).isEqualTo(2 * BYTES);
  }

  @Test
  void rollback_afterPublish_givesTheVersionBefore() {
    Marked bad = new Marked(2);
    registry.publish("sql", new Marked(1));
    registry.publish("sql", bad);

    assertThat(registry.rollback("sql")).isEqualTo(1);

    assertThat(bad.isClosed()).isTrue();
    assertThat(registry.publish("sql", new Marked(3))).isEqualTo(3);
    try (AdapterLease lease = registry.acquire("sql")) {
      assertThat(first(lease.adapter())).isEqualTo(3);
    }
  }

  @Test
  void publishAfter_anotherVersionThanExpected_leavesAll() {
    Marked late = new Marked(3);
    assertThat(registry.publishAfter("sql", 0, new Marked(1))).hasValue(1);
    assertThat(registry.publishAfter("sql", 1, new Marked(2))).hasValue(2);

    assertThat(registry.publishAfter("sql", 1, late)).isEmpty();
    assertThat(registry.publishAfter("sql", 0, late)).isEmpty();

    assertThat(late.isClosed()).isFalse();
    try (AdapterLease lease = registry.find("sql").orElseThrow()) {
      assertThat(first(lease.adapter())).isEqualTo(2);
    }
    assertThat(registry.find("other")).isEmpty();
  }

  @Test
  void rollbackFrom_anotherVersionThanExpected_leavesAll() {
    registry.publish("sql", new Marked(1));
    registry.publish("sql", new Marked(2));

    assertThat(registry.rollbackFrom("sql", 1)).isEmpty();
    assertThat(registry.rollbackFrom("other", 1)).isEmpty();
    assertThat(registry.rollbackFrom("other", 0)).isEmpty();
    assertThat(registry.rollbackFrom("sql", 2)).hasValue(1);

    assertThat(registry.list()).extracting(AdapterStatus::version).containsExactly(1L);
  }

  @Test
  void rollback_withoutEarlierVersion_says() {
    registry.publish("sql", new Marked(1));

    assertThatThrownBy(() -> registry.rollback("sql"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("adapters: expected an earlier version of sql, got none kept beside version 1");
  }

  @Test
  void acquire_unknownName_listsTheKnownOnes() {
    registry.publish("sql", new Marked(1));
    registry.publish("chat", new Marked(1));

    assertThatThrownBy(() -> registry.acquire("sq"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("adapters: expected one of [chat, sql], got 'sq'; load it first");
  }

  @Test
  void publish_invalidName_isRefused() {
    assertThatThrownBy(() -> registry.publish("../x", new Marked(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a name");
  }

  @Test
  void adapter_afterLeaseIsClosed_isRefused() {
    registry.publish("sql", new Marked(1));
    AdapterLease lease = registry.acquire("sql");
    lease.close();
    lease.close();

    assertThatThrownBy(lease::adapter)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected an open lease of sql");
    assertThat(registry.list().getFirst().leases()).isZero();
  }

  @Test
  void activate_name_isWhatAcquireActiveGives() {
    registry.publish("sql", new Marked(1));
    registry.publish("chat", new Marked(2));
    assertThat(registry.acquireActive()).isEmpty();

    registry.activate("chat");

    assertThat(registry.active()).contains("chat");
    try (AdapterLease lease = registry.acquireActive().orElseThrow()) {
      assertThat(lease.name()).isEqualTo("chat");
    }
    registry.unload("chat");
    assertThat(registry.acquireActive()).isEmpty();
    registry.activate("sql");
    registry.deactivate();
    assertThat(registry.active()).isEmpty();
  }

  @Test
  void publish_beyondTheBudget_evictsTheLeastRecentlyUsed() {
    AdapterRegistry small =
        new AdapterRegistry(AdapterRegistryOptions.DEFAULT.withByteBudget(3 * BYTES));
    List<RegistryEvent> events = new ArrayList<>();
    small.addListener(events::add);
    for (String name : List.of("a", "b", "c")) {
      small.publish(name, new Marked(1));
    }
    small.pin("b");
    small.acquire("a").close();

    small.publish("d", new Marked(1));

    assertThat(small.list()).extracting(AdapterStatus::name).containsExactly("a", "b", "d");
    assertThat(events)
        .contains(
            new RegistryEvent(RegistryEvent.Kind.EVICTED, "c", 1),
            new RegistryEvent(RegistryEvent.Kind.RELEASED, "c", 1));
    small.unpin("b");
    small.publish("e", new Marked(1));
    assertThat(small.list()).extracting(AdapterStatus::name).containsExactly("a", "d", "e");
  }

  @Test
  void publish_whereNothingMayBeEvicted_saysWhatIsInUse() {
    AdapterRegistry small =
        new AdapterRegistry(AdapterRegistryOptions.DEFAULT.withByteBudget(2 * BYTES));
    small.publish("active", new Marked(1));
    small.activate("active");
    small.publish("leased", new Marked(1));
    try (AdapterLease lease = small.acquire("leased")) {
      Marked third = new Marked(3);
      assertThatThrownBy(() -> small.publish("third", third))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected room for 512 bytes within a budget of 1024, got 1024");
      assertThat(third.isClosed()).isFalse();
      assertThat(lease.version()).isEqualTo(1);
    }
    small.publish("third", new Marked(3));
    assertThat(small.contains("leased")).isFalse();
  }

  @Test
  void list_afterUse_tellsSizeVersionsAndUses() {
    registry.publish("sql", new Marked(1));
    registry.publish("sql", new Marked(2));
    registry.pin("sql");
    registry.activate("sql");
    try (AdapterLease lease = registry.acquire("sql")) {
      AdapterStatus status = registry.list().getFirst();

      assertThat(status.name()).isEqualTo("sql");
      assertThat(status.version()).isEqualTo(lease.version()).isEqualTo(2);
      assertThat(status.earlierVersions()).containsExactly(1L);
      assertThat(status.byteSize()).isEqualTo(2 * BYTES);
      assertThat(status.uses()).isEqualTo(1);
      assertThat(status.leases()).isEqualTo(1);
      assertThat(status.isPinned()).isTrue();
      assertThat(status.isActive()).isTrue();
    }
  }

  @Test
  void load_folder_unmapsItOnlyAfterTheLastLease(@TempDir Path folder) throws Exception {
    TestAdapters.qv("x", 1).save(folder);
    registry.load("sql", folder);
    Adapter adapter;
    try (AdapterLease lease = registry.acquire("sql")) {
      registry.close();
      adapter = lease.adapter();
      assertThat(adapter.deltas()).hasSize(4);
      assertThat(adapter.deltas().values().iterator().next().a().toFloatArray()).hasSize(12);
    }

    assertThatThrownBy(() -> adapter.deltas().values().iterator().next().a().toFloatArray())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> registry.publish("x", new Marked(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected an open registry");
  }

  private static float first(Adapter adapter) {
    return adapter.deltas().values().iterator().next().a().toFloatArray()[0];
  }
}
