package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Blocks of every quantised type, decoded and encoded, against the gguf package. */
class BlockParityTest {
  private static final Path FILE = Goldens.folder().resolve("gguf/blocks.safetensors");

  @TestFactory
  List<DynamicTest> blocks() {
    try (GoldenTensors golden = GoldenTensors.open(FILE)) {
      List<String> raw = golden.names().stream().filter(name -> name.endsWith(".raw")).toList();
      CaseCount count = new CaseCount("blocks");
      for (String name : raw) {
        DType dtype = DType.valueOf(name.substring(0, name.length() - ".raw".length()));
        count.add(dtype + " decoded", () -> decoded(dtype));
        if (Quantization.encodes(dtype) && golden.has(dtype + ".source")) {
          count.add(dtype + " encoded", () -> encoded(dtype));
        }
      }
      long encoded =
          raw.stream().filter(name -> golden.has(name.replace(".raw", ".source"))).count();
      return count.tests(Math.toIntExact(raw.size() + encoded - 2)); // F16 and BF16 are casts
    }
  }

  private static void decoded(DType dtype) {
    try (GoldenTensors golden = GoldenTensors.open(FILE)) {
      float[] expected = golden.floats(dtype + ".f32");
      MemorySegment raw = MemorySegment.ofArray(golden.bytes(dtype + ".raw"));

      float[] actual = new HostTensor(TensorSpec.of(dtype, expected.length), raw).toFloatArray();

      assertThat(actual).containsExactly(expected);
    }
  }

  private static void encoded(DType dtype) {
    try (GoldenTensors golden = GoldenTensors.open(FILE)) {
      float[] source = golden.floats(dtype + ".source");
      byte[] expected = golden.bytes(dtype + ".raw");

      byte[] actual = new byte[expected.length];
      Quantization.encode(
          dtype, MemorySegment.ofArray(source), 0, MemorySegment.ofArray(actual), 0, source.length);

      assertThat(actual).containsExactly(expected);
    }
  }
}
