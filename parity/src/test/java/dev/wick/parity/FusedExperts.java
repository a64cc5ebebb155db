package dev.wick.parity;

import dev.wick.engine.tensor.HostTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tensors of single experts in the fused form in which the reference data has some. */
final class FusedExperts {
  private FusedExperts() {}

  /** A tensor by its fused or plain name. */
  static float @Nullable [] of(String name, Map<String, HostTensor> tensors) {
    if (name.endsWith(".experts.gate_up_proj")) {
      return stacked(name, List.of("gate_proj", "up_proj"), tensors);
    }
    if (name.endsWith(".experts.down_proj")) {
      return stacked(name, List.of("down_proj"), tensors);
    }
    HostTensor tensor = tensors.get(name);
    return tensor == null ? null : tensor.toFloatArray();
  }

  private static float[] stacked(
      String name, List<String> projections, Map<String, HostTensor> tensors) {
    String experts = name.substring(0, name.lastIndexOf('.') + 1);
    float[] all = new float[0];
    for (int expert = 0; ; expert++) {
      for (String projection : projections) {
        HostTensor tensor = tensors.get(experts + expert + "." + projection + ".weight");
        if (tensor == null) {
          return all;
        }
        float[] part = tensor.toFloatArray();
        int end = all.length;
        all = Arrays.copyOf(all, end + part.length);
        System.arraycopy(part, 0, all, end, part.length);
      }
    }
  }
}
