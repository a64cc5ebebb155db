package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.model.StepRunner;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tensor.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Adapters on a small model give what the model with their weights merged in gives. */
class AdapterStepTest {
  private static final int HIDDEN = 16;
  private static final int[] TEXT = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};

  private final Engine engine = open();
  private final ToyModel base = new ToyModel(engine, 800, 0);
  private final SplittableRandom random = new SplittableRandom(5);
  private final StepOutput output = new StepOutput();

  private static Engine open() {
    BackendProvider provider = DelegatingDevice.provider(AsynchronousDevice::new);
    Device device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    return Engine.of(device, FallbackMode.ALLOW);
  }

  /** Fails if adapters have left buffers open. */
  @AfterEach
  void close() {
    base.close();
    engine.close();
  }

  @Test
  void step_lowRank_equalsTheMergedModel() {
    assertEqualsMerged(new Data("a", Map.of("0.q", lowRank(24, 16, 3), "1.o", lowRank(16, 24, 5))));
  }

  @Test
  void step_lowRankOfTheHead_equalsTheMergedModel() {
    LowRank delta = lowRank(ToyModel.VOCABULARY, HIDDEN, 2);
    Data adapter = new Data("a", Map.of("head", delta));

    float[] expected = logits(base, List.of()).getLast();
    float[] hidden = hiddenOf(base);
    float[] actual = logits(base, List.of(new AdapterUse(adapter, 1))).getLast();

    float[] change = product(delta);
    for (int i = 0; i < actual.length; i++) {
      for (int j = 0; j < HIDDEN; j++) {
        expected[i] += hidden[j] * change[i * HIDDEN + j];
      }
    }
    assertClose(actual, expected);
  }

  @Test
  void step_weightDecomposed_equalsTheMergedModel() {
    LowRank plain = lowRank(24, 16, 3);
    LowRank delta =
        new LowRank(plain.a(), plain.b(), 0.7f, Optional.of(vector(24)), Optional.empty());
    assertEqualsMerged(new Data("a", Map.of("1.q", delta)));
  }

  @Test
  void step_replacements_equalTheMergedModel() {
    assertEqualsMerged(
        new Data(
            "a",
            Map.of("0.v", lowRank(12, 16, 2)),
            Map.of("norm.weight", vector(HIDDEN), "1.q.weight", matrix(24, 16))));
  }

  @Test
  void step_lowRankOfTheEmbedding_equalsTheMergedModel() {
    // The head is tied to the embedding, but an adapter on the embedding leaves the head alone.
    LowRank delta = lowRank(HIDDEN, ToyModel.VOCABULARY, 3);
    Data adapter = new Data("a", Map.of("embed", delta));
    Map<String, float[]> merged = new HashMap<>();
    float[] table = value("embed.weight");
    float[] change = product(delta);
    float[] changed = table.clone();
    for (int token = 0; token < ToyModel.VOCABULARY; token++) {
      for (int i = 0; i < HIDDEN; i++) {
        changed[token * HIDDEN + i] += change[i * ToyModel.VOCABULARY + token];
      }
    }
    merged.put("embed.weight", changed);
    Data head = new Data("head", Map.of(), Map.of("head.weight", HostTensor.of(table, 23, 16)));

    List<float[]> expected;
    try (ToyModel model = new ToyModel(engine, 100, 0, merged)) {
      expected = logits(model, List.of(new AdapterUse(head, 1)));
    }
    assertClose(logits(base, List.of(new AdapterUse(adapter, 1))).getLast(), expected.getLast());
  }

  @Test
  void step_severalWithWeights_addsThem() {
    LowRank first = lowRank(24, 16, 3);
    LowRank second = lowRank(24, 16, 1);
    List<AdapterUse> uses =
        List.of(
            new AdapterUse(new Data("a", Map.of("0.q", first)), 0.5f),
            new AdapterUse(new Data("b", Map.of("0.q", second)), -2));
    float[] sum = value("0.q.weight").clone();
    float[] a = product(first);
    float[] b = product(second);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += 0.5f * a[i] - 2 * b[i];
    }
    try (ToyModel merged = new ToyModel(engine, 100, 0, Map.of("0.q.weight", sum))) {
      assertClose(logits(base, uses).getLast(), logits(merged, List.of()).getLast());
    }
  }

  @Test
  void step_mixedBatch_givesEachSequenceWhatItGivesAlone() {
    Data low = new Data("low", Map.of("0.k", lowRank(12, 16, 3), "1.v", lowRank(12, 16, 3)));
    Data whole = new Data("whole", Map.of(), Map.of("norm.weight", vector(HIDDEN)));
    Data both =
        new Data("both", Map.of("0.k", lowRank(12, 16, 6)), Map.of("1.o.weight", matrix(16, 24)));
    List<List<AdapterUse>> uses =
        List.of(
            List.of(new AdapterUse(low, 1)),
            List.of(),
            List.of(new AdapterUse(low, 1)),
            List.of(new AdapterUse(whole, 1)),
            List.of(new AdapterUse(both, 1), new AdapterUse(low, 0.3f)));
    List<List<float[]>> alone = uses.stream().map(use -> logits(base, use)).toList();

    List<StepBatch.Sequence> sequences = new ArrayList<>();
    int[] tokens = new int[uses.size() * TEXT.length];
    for (int s = 0; s < uses.size(); s++) {
      KvLease lease = base.cache.pool().lease();
      sequences.add(new StepBatch.Sequence(TEXT.length, lease, StepBatch.Logits.LAST, uses.get(s)));
      System.arraycopy(TEXT, 0, tokens, s * TEXT.length, TEXT.length);
    }
    base.runner.step(new StepBatch(tokens, sequences), output);

    for (int s = 0; s < uses.size(); s++) {
      assertClose(output.logits(s), alone.get(s).getLast());
      sequences.get(s).lease().close();
    }
  }

  @Test
  void step_moreAdaptersThanTheBudgetHolds_bringsThemBack() {
    List<Data> adapters = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Data adapter = new Data("a" + i, Map.of("0.q", lowRank(24, 16, 3 + i)));
      adapters.add(adapter);
      expected.add(logits(base, List.of(new AdapterUse(adapter, 1))).getLast());
    }
    // Two of them at a time: 16 · rank + 24 · rank floats each.
    KvCache cache = new KvCache(engine, 100, ToyModel.keptLayers());
    StepRunner small = new StepRunner(engine, base.info, cache, base, 4L * 40 * 16);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < adapters.size(); i++) {
        try (KvLease lease = cache.pool().lease()) {
          small.step(batch(lease, List.of(new AdapterUse(adapters.get(i), 1))), output);
          assertClose(output.logits(TEXT.length - 1), expected.get(i));
        }
      }
    }
    try (KvLease lease = cache.pool().lease()) {
      List<AdapterUse> all = adapters.stream().map(a -> new AdapterUse(a, 1)).toList();
      assertThatThrownBy(() -> small.step(batch(lease, all), output))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected at most 2560 bytes")
          .hasMessageContaining("larger adapter budget");
    }
    small.close();
  }

  @Test
  void step_manyVariants_keepsWorking() {
    for (int i = 0; i < 12; i++) {
      HostTensor norm = vector(HIDDEN);
      Data adapter = new Data("v" + i, Map.of(), Map.of("norm.weight", norm));
      try (ToyModel merged =
          new ToyModel(engine, 100, 0, Map.of("norm.weight", norm.toFloatArray()))) {
        assertClose(
            logits(base, List.of(new AdapterUse(adapter, 1))).getLast(),
            logits(merged, List.of()).getLast());
      }
    }
  }

  @Test
  void step_twoReplacementsOfOneWeight_isRefused() {
    Data a = new Data("a", Map.of(), Map.of("norm.weight", vector(HIDDEN)));
    Data b = new Data("b", Map.of(), Map.of("norm.weight", vector(HIDDEN)));

    assertThatThrownBy(() -> logits(base, List.of(new AdapterUse(a, 1), new AdapterUse(b, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one replacement of norm.weight")
        .hasMessageContaining("those of a and b");
  }

  @Test
  void apply_adapterOfAnotherModel_namesEachTensorWithBothShapes() {
    Data adapter =
        new Data(
            "a",
            Map.of("0.q", lowRank(24, 17, 3), "7.q", lowRank(24, 16, 3)),
            Map.of("norm.weight", vector(5)));

    assertThatThrownBy(() -> base.runner.apply(adapter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 tensors")
        .hasMessageContaining("0.q: expected A [3, 16] and B [24, 3], got A [3, 17] and B [24, 3]")
        .hasMessageContaining("7.q: expected the name of a linear layer")
        .hasMessageContaining("norm.weight: expected [16], got [5]");
    assertThat(base.runner.hasAdapter()).isFalse();
  }

  @Test
  void apply_thenRemove_changesTheCurrentAdapter() {
    Data adapter = new Data("a", Map.of("0.q", lowRank(24, 16, 3)));

    base.runner.apply(adapter);
    assertThat(base.runner.hasAdapter()).isTrue();
    assertThat(base.runner.current()).contains(adapter);
    base.runner.remove();
    assertThat(base.runner.current()).isEmpty();
  }

  private void assertEqualsMerged(Data adapter) {
    Map<String, float[]> values = new HashMap<>();
    adapter.replacements().forEach((name, tensor) -> values.put(name, tensor.toFloatArray()));
    adapter.deltas().forEach((name, delta) -> values.put(name + ".weight", merged(name, delta)));
    try (ToyModel merged = new ToyModel(engine, 100, 0, values)) {
      List<float[]> expected = logits(merged, List.of());
      List<float[]> actual = logits(base, List.of(new AdapterUse(adapter, 1)));
      for (int row = 0; row < expected.size(); row++) {
        assertClose(actual.get(row), expected.get(row));
      }
      assertThat(expected.getLast()).isNotEqualTo(logits(base, List.of()).getLast());
    }
  }

  private float[] merged(String linear, LowRank delta) {
    float[] weight = value(linear + ".weight").clone();
    float[] change = product(delta);
    for (int i = 0; i < weight.length; i++) {
      weight[i] += change[i];
    }
    if (delta.magnitude().isPresent()) {
      float[] magnitude = delta.magnitude().get().toFloatArray();
      int in = (int) delta.in();
      for (int row = 0; row < magnitude.length; row++) {
        double square = 0;
        for (int i = 0; i < in; i++) {
          square += (double) weight[row * in + i] * weight[row * in + i];
        }
        for (int i = 0; i < in; i++) {
          weight[row * in + i] *= (float) (magnitude[row] / Math.sqrt(square));
        }
      }
    }
    return weight;
  }

  /** {@code scale · B · A} [out, in]. */
  private static float[] product(LowRank delta) {
    float[] a = delta.a().toFloatArray();
    float[] b = delta.b().toFloatArray();
    int in = (int) delta.in();
    int out = (int) delta.out();
    float[] product = new float[out * in];
    for (int i = 0; i < out; i++) {
      for (int r = 0; r < delta.rank(); r++) {
        for (int j = 0; j < in; j++) {
          product[i * in + j] += delta.scale() * b[i * delta.rank() + r] * a[r * in + j];
        }
      }
    }
    return product;
  }

  private float[] value(String parameter) {
    return base.parameters().stream()
        .filter(known -> known.name().equals(parameter))
        .findFirst()
        .orElseThrow()
        .tensor()
        .toFloatArray();
  }

  private static StepBatch batch(KvLease lease, List<AdapterUse> uses) {
    return new StepBatch(
        TEXT, List.of(new StepBatch.Sequence(TEXT.length, lease, StepBatch.Logits.ALL, uses)));
  }

  private List<float[]> logits(ToyModel model, List<AdapterUse> uses) {
    try (KvLease lease = model.cache.pool().lease()) {
      model.runner.step(batch(lease, uses), output);
      List<float[]> rows = new ArrayList<>();
      for (int row = 0; row < output.rows(); row++) {
        rows.add(output.logits(row).clone());
      }
      return rows;
    }
  }

  /** The last row before the head. */
  private static float[] hiddenOf(ToyModel model) {
    try (KvLease lease = model.cache.pool().lease()) {
      float[] all =
          model
              .runner
              .hiddenStates(StepBatch.of(lease, StepBatch.Logits.NONE, TEXT))
              .get("layer.1");
      return Arrays.copyOfRange(all, all.length - HIDDEN, all.length);
    }
  }

  private static void assertClose(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("logit %d", i).isCloseTo(expected[i], within(1e-4f));
    }
  }

  private LowRank lowRank(int out, int in, int rank) {
    return new LowRank(matrix(rank, in), matrix(out, rank), 0.5f);
  }

  private HostTensor matrix(int rows, int columns) {
    return HostTensor.of(numbers(rows * columns), rows, columns);
  }

  private HostTensor vector(int length) {
    return HostTensor.of(numbers(length), length);
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextDouble(-1, 1);
    }
    return numbers;
  }

  private static final class Data implements Adapter {
    private final String name;
    private final Map<String, LowRank> deltas;
    private final Map<String, HostTensor> replacements;

    Data(String name, Map<String, LowRank> deltas) {
      this(name, deltas, Map.of());
    }

    Data(String name, Map<String, LowRank> deltas, Map<String, HostTensor> replacements) {
      this.name = name;
      this.deltas = deltas;
      this.replacements = replacements;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public long version() {
      return 1;
    }

    @Override
    public Map<String, LowRank> deltas() {
      return deltas;
    }

    @Override
    public Map<String, HostTensor> replacements() {
      return replacements;
    }
  }
}
