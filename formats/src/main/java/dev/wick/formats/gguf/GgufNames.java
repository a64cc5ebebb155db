package dev.wick.formats.gguf;

import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The names that llama.cpp gives to the tensors of a decoder, beside those of Hugging Face, after
 * {@code gguf/tensor_mapping.py} there.
 */
public final class GgufNames {
  private static final Map<String, String> TOP =
      Map.of("token_embd", "model.embed_tokens", "output_norm", "model.norm", "output", "lm_head");

  private static final Map<String, String> BLOCK =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"),
          Map.entry("ffn_gate_inp", "mlp.gate"),
          Map.entry("ffn_gate_shexp", "mlp.shared_expert.gate_proj"),
          Map.entry("ffn_up_shexp", "mlp.shared_expert.up_proj"),
          Map.entry("ffn_down_shexp", "mlp.shared_expert.down_proj"),
          Map.entry("ffn_gate_inp_shexp", "mlp.shared_expert_gate"));

  private static final Map<String, String> EXPERTS =
      Map.of("ffn_gate", "gate_proj", "ffn_up", "up_proj", "ffn_down", "down_proj");

  private static final Map<String, String> TOP_BACK = inverse(TOP);
  private static final Map<String, String> BLOCK_BACK = inverse(BLOCK);
  private static final Map<String, String> EXPERTS_BACK = inverse(EXPERTS);

  private static final Pattern TOP_NAME = Pattern.compile("(\\w+)\\.(weight|bias)");
  private static final Pattern BLOCK_NAME =
      Pattern.compile("blk\\.(\\d{1,9})\\.(\\w+)\\.(weight|bias)");
  private static final Pattern PACKED =
      Pattern.compile("blk\\.(\\d{1,9})\\.(\\w+)_exps\\.(weight|bias)");
  private static final Pattern SINGLE_EXPERT =
      Pattern.compile("blk\\.(\\d{1,9})\\.(\\w+)\\.(\\d{1,9})\\.(weight|bias)");

  private static final Pattern LAYER = Pattern.compile("blk\\.(\\d{1,9})\\..*");

  private static final Pattern HF_TOP = Pattern.compile("(\\w+(?:\\.\\w+)?)\\.(weight|bias)");
  private static final Pattern HF_BLOCK =
      Pattern.compile("model\\.layers\\.(\\d{1,9})\\.([\\w.]+)\\.(weight|bias)");
  private static final Pattern HF_EXPERT =
      Pattern.compile("model\\.layers\\.(\\d{1,9})\\.mlp\\.experts\\.(\\d{1,9})\\.(\\w+)\\.weight");

  private GgufNames() {}

  /**
   * A tensor that holds one matrix for each expert.
   *
   * @param prefix what precedes the number of the expert in the names of Hugging Face
   * @param suffix what follows it
   */
  public record Packed(String prefix, String suffix) {
    /** The name of the matrix of one expert. */
    public String name(long expert) {
      return prefix + expert + suffix;
    }
  }

  /**
   * The matrix of one expert.
   *
   * @param packedName the tensor that holds one for each
   * @param index which of them it is
   */
  public record Expert(String packedName, int index) {}

  /** The Hugging Face name of a tensor, or empty if llama.cpp's list has no such name. */
  public static Optional<String> toHuggingFace(String name) {
    Matcher block = BLOCK_NAME.matcher(name);
    if (block.matches()) {
      return Optional.ofNullable(BLOCK.get(block.group(2)))
          .map(part -> "model.layers.%s.%s.%s".formatted(block.group(1), part, block.group(3)));
    }
    Matcher expert = SINGLE_EXPERT.matcher(name);
    if (expert.matches()) {
      return Optional.ofNullable(EXPERTS.get(expert.group(2)))
          .map(
              part ->
                  "model.layers.%s.mlp.experts.%s.%s.%s"
                      .formatted(expert.group(1), expert.group(3), part, expert.group(4)));
    }
    Matcher top = TOP_NAME.matcher(name);
    return top.matches()
        ? Optional.ofNullable(TOP.get(top.group(1))).map(part -> part + "." + top.group(2))
        : Optional.empty();
  }

  /** Whether a name is that of one matrix for each expert, and which. */
  public static Optional<Packed> packed(String name) {
    Matcher packed = PACKED.matcher(name);
    return packed.matches()
        ? Optional.ofNullable(EXPERTS.get(packed.group(2)))
            .map(
                part ->
                    new Packed(
                        "model.layers.%s.mlp.experts.".formatted(packed.group(1)),
                        ".%s.%s".formatted(part, packed.group(3))))
        : Optional.empty();
  }

  /** The name that llama.cpp gives to a tensor, or empty if it has none for it. */
  public static Optional<String> fromHuggingFace(String name) {
    Matcher block = HF_BLOCK.matcher(name);
    if (block.matches()) {
      return Optional.ofNullable(BLOCK_BACK.get(block.group(2)))
          .map(part -> "blk.%s.%s.%s".formatted(block.group(1), part, block.group(3)));
    }
    Matcher top = HF_TOP.matcher(name);
    return top.matches()
        ? Optional.ofNullable(TOP_BACK.get(top.group(1))).map(part -> part + "." + top.group(2))
        : Optional.empty();
  }

  /** Where llama.cpp keeps the matrix of one expert, or empty if the name is none of one. */
  public static Optional<Expert> expert(String name) {
    Matcher expert = HF_EXPERT.matcher(name);
    return expert.matches()
        ? Optional.ofNullable(EXPERTS_BACK.get(expert.group(3)))
            .map(
                part ->
                    new Expert(
                        "blk.%s.%s_exps.weight".formatted(expert.group(1), part),
                        Integer.parseInt(expert.group(2))))
        : Optional.empty();
  }

  /**
   * The embedding and what follows the layers first, then layer by layer, as llama.cpp has them.
   */
  public static Comparator<String> fileOrder() {
    return Comparator.comparingInt(GgufNames::layer).thenComparing(Comparator.naturalOrder());
  }

  private static int layer(String name) {
    Matcher layer = LAYER.matcher(name);
    return layer.matches() ? Integer.parseInt(layer.group(1)) : -1;
  }

  private static Map<String, String> inverse(Map<String, String> names) {
    Function<Map.Entry<String, String>, String> key = Map.Entry::getKey;
    return names.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, key));
  }
}
