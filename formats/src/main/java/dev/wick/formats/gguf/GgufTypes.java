package dev.wick.formats.gguf;

import dev.wick.engine.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The numbers of {@code enum ggml_type}, and the types that stand behind them. */
final class GgufTypes {
  /** Types of ggml that no kernel here computes on; removed and internal ones included. */
  private static final Map<Integer, String> UNSUPPORTED =
      Map.ofEntries(
          Map.entry(4, "Q4_2"),
          Map.entry(5, "Q4_3"),
          Map.entry(9, "Q8_1"),
          Map.entry(15, "Q8_K"),
          Map.entry(16, "IQ2_XXS"),
          Map.entry(17, "IQ2_XS"),
          Map.entry(18, "IQ3_XXS"),
          Map.entry(19, "IQ1_S"),
          Map.entry(21, "IQ3_S"),
          Map.entry(22, "IQ2_S"),
          Map.entry(23, "IQ4_XS"),
          Map.entry(29, "IQ1_M"),
          Map.entry(31, "Q4_0_4_4"),
          Map.entry(32, "Q4_0_4_8"),
          Map.entry(33, "Q4_0_8_8"),
          Map.entry(34, "TQ1_0"),
          Map.entry(35, "TQ2_0"),
          Map.entry(36, "IQ4_NL_4_4"),
          Map.entry(37, "IQ4_NL_4_8"),
          Map.entry(38, "IQ4_NL_8_8"),
          Map.entry(39, "MXFP4"),
          Map.entry(40, "NVFP4"),
          Map.entry(41, "Q1_0"),
          Map.entry(42, "Q2_0"));

  private static final Map<Integer, DType> BY_ID =
      Arrays.stream(DType.values())
          .filter(dtype -> idOrMinusOne(dtype) >= 0)
          .collect(Collectors.toUnmodifiableMap(GgufTypes::idOrMinusOne, dtype -> dtype));

  private GgufTypes() {}

  /**
   * The number of a type.
   *
   * @throws IllegalArgumentException if the format does not have it
   */
  static int id(DType dtype) {
    int id = idOrMinusOne(dtype);
    if (id < 0) {
      throw new IllegalArgumentException("gguf: expected a type of the format, got " + dtype);
    }
    return id;
  }

  private static int idOrMinusOne(DType dtype) {
    return switch (dtype) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q5_0 -> 6;
      case Q5_1 -> 7;
      case Q8_0 -> 8;
      case Q2_K -> 10;
      case Q3_K -> 11;
      case Q4_K -> 12;
      case Q5_K -> 13;
      case Q6_K -> 14;
      case IQ4_NL -> 20;
      case I8 -> 24;
      case I16 -> 25;
      case I32 -> 26;
      case I64 -> 27;
      case F64 -> 28;
      case BF16 -> 30;
      case F8_E4M3, F8_E5M2, U64, U32, U16, U8, BOOL -> -1;
    };
  }

  /** The type of a number, or null if it is none of ours. */
  static @Nullable DType find(int id) {
    return BY_ID.get(id);
  }

  /** The name of a type that ggml has and we have not, or null. */
  static @Nullable String unsupported(int id) {
    return UNSUPPORTED.get(id);
  }

  /** The types in which weights may come. */
  static List<DType> weights() {
    return BY_ID.values().stream()
        .filter(dtype -> dtype.isQuantized() || (dtype.isFloat() && dtype != DType.F64))
        .sorted()
        .toList();
  }
}
