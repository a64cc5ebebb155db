package dev.wick.benchmarks;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** An adapter of rank 8 on all linears of a checkpoint, with small random numbers. */
final class RandomAdapter {
  private static final int RANK = 8;

  private RandomAdapter() {}

  static PeftAdapter of(Checkpoint checkpoint, DType dtype) {
    Random random = new Random(1);
    PeftConfig config =
        PeftConfig.builder(RANK, 2 * RANK).targetModules(new ModuleSelector.AllLinear()).build();
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    for (String name : checkpoint.weights().names()) {
      Shape shape = checkpoint.weights().find(name).orElseThrow().shape();
      if (shape.rank() == 2 && name.contains(".layers.")) {
        deltas.put(
            name.substring(0, name.length() - ".weight".length()),
            new LowRank(
                random(random, dtype, RANK, shape.extent(1)),
                random(random, dtype, shape.extent(0), RANK),
                2));
      }
    }
    return PeftAdapter.of("new", config, deltas, Map.of());
  }

  private static HostTensor random(Random random, DType dtype, long rows, long columns) {
    TensorSpec spec = TensorSpec.of(dtype, rows, columns);
    MemorySegment data = Arena.ofAuto().allocate(spec.byteSize(), 64);
    for (long i = 0; i < rows * columns; i++) {
      int bits = Float.floatToRawIntBits((float) random.nextGaussian() * 0.01f);
      if (dtype == DType.F32) {
        data.setAtIndex(ValueLayout.JAVA_INT, i, bits);
      } else {
        data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
      }
    }
    return new HostTensor(spec, data);
  }
}
