package dev.wick.lora.peft;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Small adapters with random numbers. */
public final class TestAdapters {
  private TestAdapters() {}

  public static HostTensor random(Random random, long... extents) {
    int size = 1;
    for (long extent : extents) {
      size *= Math.toIntExact(extent);
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return HostTensor.of(values, extents);
  }

  /** Rank 2, alpha 4, on q and v of two layers: in 6, out 6 and 4. */
  public static PeftAdapter qv(String name, long seed) {
    return of(name, PeftConfig.builder(2, 4).targetModules("q_proj", "v_proj").build(), seed);
  }

  public static PeftAdapter of(String name, PeftConfig config, long seed) {
    Random random = new Random(seed);
    TargetRules rules = new TargetRules(config);
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    for (int layer = 0; layer < 2; layer++) {
      for (String projection : new String[] {"q_proj", "v_proj"}) {
        String module = "model.layers.%d.self_attn.%s".formatted(layer, projection);
        int rank = rules.rank(module);
        deltas.put(
            module,
            new LowRank(
                random(random, rank, 6),
                random(random, projection.equals("q_proj") ? 6 : 4, rank),
                rules.scale(module)));
      }
    }
    return PeftAdapter.of(name, config, deltas, Map.of());
  }

  /** An adapter whose every number is {@code value}, and that knows whether it was closed. */
  public static final class Marked implements Adapter, AutoCloseable {
    private final float[] values = new float[64];
    private final HostTensor tensor;
    private volatile boolean closed;

    public Marked(float value) {
      Arrays.fill(values, value);
      this.tensor = HostTensor.of(values, 8, 8);
    }

    @Override
    public String name() {
      return "marked";
    }

    @Override
    public long version() {
      return 1;
    }

    @Override
    public Map<String, LowRank> deltas() {
      return Map.of("model.layers.0.self_attn.q_proj", new LowRank(tensor, tensor, 1));
    }

    @Override
    public Map<String, HostTensor> replacements() {
      return Map.of();
    }

    public boolean isClosed() {
      return closed;
    }

    @Override
    public void close() {
      closed = true;
      Arrays.fill(values, Float.NaN);
    }
  }
}
