package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.QuantizedBlock;

/** Expands quantised blocks as GGUF stores them. */
final class BlockFormats {
  private BlockFormats() {}

  static void dequantize(Elements source, Elements result) {
    if (!source.layout().isContiguous()) {
      throw new IllegalArgumentException(
          "dequantize: expected contiguous blocks, got " + source.layout());
    }
    QuantizedBlock block = new QuantizedBlock(source.dtype());
    int elements = source.dtype().blockElements();
    long blocks = source.shape().size() / elements;
    for (long b = 0; b < blocks; b++) {
      block.read(source.memory(), source.byteOffset() + b * source.dtype().blockBytes());
      for (int i = 0; i < elements; i++) {
        result.set(b * elements + i, block.value(i));
      }
    }
  }
}
