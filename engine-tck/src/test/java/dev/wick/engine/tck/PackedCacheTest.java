package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The same steps over a cache in Q8_0, and what is particular to it. */
class PackedCacheTest extends StepRunnerTest {
  @Override
  ToyModel model(int kvTokens, int window) {
    return ToyModel.wide(engine, kvTokens, window, DType.Q8_0);
  }

  @Test
  void step_packedCache_givesNearlyTheLogitsOfOneInF32() {
    try (ToyModel packed = model(200, 0);
        ToyModel plain = ToyModel.wide(engine, 200, 0, DType.F32)) {
      int[] text = text(21, 90);
      List<float[]> expected = whole(plain, text);
      List<float[]> actual = whole(packed, text);

      double squares = 0;
      double errors = 0;
      for (int row = 0; row < text.length; row++) {
        for (int i = 0; i < ToyModel.VOCABULARY; i++) {
          squares += Math.pow(expected.get(row)[i], 2);
          errors += Math.pow(expected.get(row)[i] - actual.get(row)[i], 2);
        }
      }
      assertThat(Math.sqrt(errors / squares)).isBetween(1e-5, 5e-3);
      assertThat(packed.cache.dtype()).isEqualTo(DType.Q8_0);
      assertThat(engine.fallbacks()).containsKey("paged_attention");
    }
  }

  @Test
  void bytes_packedCache_areSeventeenSixtyFourths() {
    List<KvCache.Layer> layers = ToyModel.keptLayers(64);
    try (KvCache plain = new KvCache(engine, 100, layers);
        KvCache packed = new KvCache(engine, 100, layers, DType.Q8_0)) {
      // 2 layers, keys and values, 2 heads of 64 numbers, 4 blocks of 32 tokens.
      assertThat(plain.pool().bytes()).isEqualTo(2 * 2 * 2 * 64 * 4L * 4 * 32);
      assertThat(packed.pool().bytes()).isEqualTo(plain.pool().bytes() * 17 / 64);
    }
  }

  @Test
  void cache_headsOfPartsOfBlocks_areRefused() {
    assertThatThrownBy(() -> new KvCache(engine, 100, ToyModel.keptLayers(48), DType.Q8_0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "kv cache: expected keys and values of a multiple of 32 for Q8_0, got 48 and 48; keep"
                + " this model's cache in F32");
  }

  @Test
  void cache_ofAnotherType_isRefused() {
    assertThatThrownBy(() -> new KvCache(engine, 100, ToyModel.keptLayers(), DType.Q4_0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kv cache: expected F32 or Q8_0, got Q4_0");
    assertThatThrownBy(() -> LoadOptions.DEFAULT.withKvDType(DType.F16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("kv cache: expected F32 or Q8_0, got F16");
  }

  @Test
  void cache_onADeviceThatCannotPack_isRefused() {
    BackendProvider provider =
        DelegatingDevice.provider(
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public boolean supports(Op op, List<TensorSpec> operands) {
                    boolean packs =
                        op instanceof Scatter && operands.getFirst().dtype().isQuantized();
                    return !packs && super.supports(op, operands);
                  }
                });
    Probe.Available found = (Probe.Available) provider.probe();
    try (Engine plain = Engine.of(provider.open(found.devices().getFirst()), FallbackMode.ALLOW)) {
      assertThatThrownBy(() -> new KvCache(plain, 100, ToyModel.keptLayers(32), DType.Q8_0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "kv cache: expected a type that reference:0 writes, got Q8_0; keep the cache in F32");
    }
  }
}
