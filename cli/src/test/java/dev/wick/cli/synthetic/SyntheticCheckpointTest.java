package dev.wick.cli.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SyntheticCheckpointTest {
  /** Parameters of the published models, a tied output counted once. */
  @ParameterizedTest
  @CsvSource({
    "qwen2.5-0.5b, 494032768",
    "qwen2.5-1.5b, 1543714304",
    "qwen2.5-3b, 3085938688",
    "qwen2.5-7b, 7615616512",
    "qwen3-0.6b, 596049920",
    "qwen3-1.7b, 1720574976",
    "qwen3-4b, 4022468096",
  })
  void shape_always_hasThePublishedParameters(String label, long parameters) {
    SyntheticShape shape = SyntheticShape.of(label).orElseThrow();

    long sum = 0;
    for (long[] extents : shape.tensors().values()) {
      sum += TensorSpec.of(DType.F32, extents).shape().size();
    }

    assertThat(sum).isEqualTo(parameters);
  }

  @Test
  void write_smallTensors_areOnesAndNormal(@TempDir Path folder) throws IOException {
    Map<String, long[]> tensors = new LinkedHashMap<>();
    tensors.put("model.norm.weight", new long[] {8});
    tensors.put("lm_head.weight", new long[] {300, 1000});
    List<Long> progress = new ArrayList<>();

    SyntheticCheckpoint.write(
        folder,
        tensors,
        SyntheticShape.QWEN3_0_6B.config(DType.F32),
        DType.F32,
        (done, total) -> progress.add(done));

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      float[] norm =
          checkpoint.weights().data("model.norm.weight").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      float[] head =
          checkpoint.weights().data("lm_head.weight").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      double squares = 0;
      for (float weight : head) {
        squares += (double) weight * weight;
      }
      assertThat(norm).containsOnly(1);
      assertThat(Math.sqrt(squares / head.length)).isCloseTo(0.02, within(0.001));
      assertThat(checkpoint.modelType()).isEqualTo("qwen3");
      assertThat(progress).last().isEqualTo((8 + 300_000) * 4L);
    }
  }
}
