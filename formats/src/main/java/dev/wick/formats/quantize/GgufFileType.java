package dev.wick.formats.quantize;

import dev.wick.engine.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a GGUF model is quantised to: {@code llama_ftype} of llama.cpp, of which {@code _S} and
 * {@code _M} say how many matrices get more bits than the others.
 */
public enum GgufFileType {
  F32(0, DType.F32),
  F16(1, DType.F16),
  BF16(32, DType.BF16),
  Q8_0(7, DType.Q8_0),
  Q4_0(2, DType.Q4_0),
  Q4_1(3, DType.Q4_1),
  Q5_0(8, DType.Q5_0),
  Q5_1(9, DType.Q5_1),
  Q4_K_S(14, DType.Q4_K),
  Q4_K_M(15, DType.Q4_K),
  Q5_K_S(16, DType.Q5_K),
  Q5_K_M(17, DType.Q5_K),
  Q6_K(18, DType.Q6_K);

  private final int id;
  private final DType dtype;

  GgufFileType(int id, DType dtype) {
    this.id = id;
    this.dtype = dtype;
  }

  /**
   * The type of a name in either case; {@code q4_k} and {@code q5_k} mean {@code _M}, as in
   * llama.cpp.
   *
   * @throws IllegalArgumentException if there is none; the message lists them
   */
  public static GgufFileType of(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    for (GgufFileType type : values()) {
      if (type.name().equals(upper) || type.name().equals(upper + "_M")) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "quantize: expected one of %s, got '%s'".formatted(String.join(", ", names()), name));
  }

  /** The names, in lower case. */
  public static List<String> names() {
    return Arrays.stream(values())
        .map(type -> type.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.toUnmodifiableList());
  }

  /** The type of most matrices. */
  public DType dtype() {
    return dtype;
  }

  /** The number in {@code general.file_type}. */
  int id() {
    return id;
  }

  boolean isQuantized() {
    return dtype.isQuantized();
  }
}
