package dev.wick.formats.file;

import dev.wick.engine.tensor.TensorSpec;

/**
 * A tensor of a file.
 *
 * @param name its name in the file
 * @param spec its type and shape, outermost axis first
 * @param offset first byte, counted from the start of the data section
 */
public record TensorEntry(String name, TensorSpec spec, long offset) {
  public TensorEntry {
    if (offset < 0) {
      throw new IllegalArgumentException(
          "tensor entry: expected an offset of at least 0 for %s, got %d"
              .formatted(Quoted.of(name), offset));
    }
  }

  /** Bytes the tensor takes. */
  public long byteSize() {
    return spec.byteSize();
  }

  /** Byte after the last, counted as {@link #offset}. */
  public long end() {
    return offset + byteSize();
  }
}
