package dev.wick.formats.safetensors;

import dev.wick.engine.tensor.DType;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The element types of safetensors and ours. */
final class SafetensorsTypes {
  /** Types of the format that have no {@link DType}. */
  private static final Set<String> UNSUPPORTED =
      Set.of("F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64");

  // Widest first: the order in which the reference library (safetensors/src/tensor.rs, Dtype)
  // lays tensors out, so that each begins at a multiple of its element size.
  private static final List<DType> WRITE_ORDER =
      List.of(
          DType.U64,
          DType.I64,
          DType.F64,
          DType.F32,
          DType.U32,
          DType.I32,
          DType.BF16,
          DType.F16,
          DType.U16,
          DType.I16,
          DType.F8_E4M3,
          DType.F8_E5M2,
          DType.I8,
          DType.U8,
          DType.BOOL);

  private SafetensorsTypes() {}

  /** The type of this name, or null if there is none. */
  static @Nullable DType find(String name) {
    for (DType dtype : WRITE_ORDER) {
      if (dtype.name().equals(name)) {
        return dtype;
      }
    }
    return null;
  }

  /** Whether the format knows this name but we do not. */
  static boolean isUnsupported(String name) {
    return UNSUPPORTED.contains(name);
  }

  /** Place in the layout of a file, lowest first; -1 for types that the format lacks. */
  static int writeOrder(DType dtype) {
    return WRITE_ORDER.indexOf(dtype);
  }
}
