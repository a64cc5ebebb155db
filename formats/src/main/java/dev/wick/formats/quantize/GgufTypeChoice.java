package dev.wick.formats.quantize;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Chooses the type of each tensor of a quantised model as {@code llama_tensor_get_type} of
 * llama.cpp does ({@code src/llama-quant.cpp}), without weights of importance.
 *
 * @param layers number of layers
 * @param experts number of experts, 0 for a dense model
 * @param tied whether the embedding is the output matrix too
 */
record GgufTypeChoice(GgufFileType type, int layers, int experts, boolean tied) {
  /** The experts of Mixtral, whose few attention weights llama.cpp gives more bits. */
  private static final int FEW_EXPERTS = 8;

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\..*");

  /** The type for a tensor by its GGUF name, before {@link #fitting}. */
  DType wanted(String name, Shape shape) {
    if (shape.rank() < 2
        || !name.endsWith("weight")
        || name.endsWith("_norm.weight")
        || name.contains("ffn_gate_inp")) {
      return DType.F32;
    }
    DType most = type.dtype();
    if (!type.isQuantized()) {
      return most;
    }
    if (name.equals("output.weight") || (tied && name.equals("token_embd.weight"))) {
      boolean fits = shape.extent(-1) % most.blockElements() == 0;
      return most == DType.Q8_0 || !fits ? DType.Q8_0 : DType.Q6_K;
    }
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? inLayer(name, Integer.parseInt(layer.group(1))) : most;
  }

  private DType inLayer(String name, int layer) {
    DType most = type.dtype();
    boolean medium = type == GgufFileType.Q4_K_M || type == GgufFileType.Q5_K_M;
    if (name.contains("attn_v.")) {
      if (experts == FEW_EXPERTS) {
        return DType.Q8_0;
      }
      if (medium && usesMoreBits(layer)) {
        return DType.Q6_K;
      }
      return type == GgufFileType.Q4_K_S && layer < 4 ? DType.Q5_K : most;
    }
    if (name.contains("attn_k.") && experts == FEW_EXPERTS) {
      return DType.Q8_0;
    }
    if (name.contains("ffn_down")) {
      if (medium && usesMoreBits(layer)) {
        return DType.Q6_K;
      }
      return type == GgufFileType.Q4_K_S && layer < layers / 8 ? DType.Q5_K : most;
    }
    if (name.contains("attn_output.") && experts == FEW_EXPERTS && most == DType.Q4_K) {
      return DType.Q5_K;
    }
    return most;
  }

  private boolean usesMoreBits(int layer) {
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
  }

  /** The type itself, or a wider one where rows are no multiple of its block. */
  static DType fitting(DType wanted, Shape shape) {
    long width = shape.rank() == 0 ? 1 : shape.extent(-1);
    DType dtype = wanted;
    if (width % dtype.blockElements() != 0) {
      dtype =
          switch (wanted) {
            case Q4_K -> DType.Q5_0;
            case Q5_K -> DType.Q5_1;
            case Q6_K -> DType.Q8_0;
            default -> DType.F16;
          };
    }
    return width % dtype.blockElements() == 0 ? dtype : DType.F16;
  }
}
