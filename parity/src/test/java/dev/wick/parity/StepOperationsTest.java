package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Which operations a layer costs, in their order: products of the same rows stand side by side and
 * norms follow their sums, so that a backend may run them as one.
 */
class StepOperationsTest {
  private static final List<String> FEED_FORWARD =
      List.of("mat_mul", "mat_mul", "swi_glu", "mat_mul", "add", "rms_norm");

  @Test
  void step_oneToken_hasTheOperationsOfQwen2() throws IOException {
    List<String> attention =
        List.of(
            "mat_mul",
            "mat_mul",
            "mat_mul",
            "add",
            "add",
            "add",
            "rope",
            "rope",
            "scatter_set",
            "scatter_set",
            "paged_attention",
            "mat_mul",
            "add",
            "rms_norm");

    check("qwen2-tied", attention);
  }

  @Test
  void step_oneToken_hasTheOperationsOfQwen3() throws IOException {
    List<String> attention =
        List.of(
            "mat_mul",
            "mat_mul",
            "mat_mul",
            "rms_norm",
            "rms_norm",
            "rope",
            "rope",
            "scatter_set",
            "scatter_set",
            "paged_attention",
            "mat_mul",
            "add",
            "rms_norm");

    check("qwen3-tied", attention);
  }

  private static void check(String model, List<String> attention) throws IOException {
    GoldenModel golden =
        GoldenModel.all().stream().filter(m -> m.name().equals(model)).findFirst().orElseThrow();
    RecordedCalls device = new RecordedCalls();
    try (Engine engine = Engine.of(device, FallbackMode.REQUIRE_FUSED);
        GoldenModel.Loaded loaded = golden.load(engine);
        KvLease lease = loaded.model().kvPool().lease()) {
      loaded.model().step(StepBatch.of(lease, Logits.LAST, 1), new StepOutput());

      List<String> layer = new ArrayList<>(attention);
      layer.addAll(FEED_FORWARD);
      List<String> layers =
          Collections.nCopies(loaded.model().info().numHiddenLayers(), layer).stream()
              .flatMap(List::stream)
              .toList();
      assertThat(device.latest()).hasSize(layers.size() + 9);
      assertThat(Collections.indexOfSubList(device.latest(), layers)).isPositive();
    }
  }
}
