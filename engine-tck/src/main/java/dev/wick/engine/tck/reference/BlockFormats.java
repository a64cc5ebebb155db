package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.QuantizedBlock;
import java.lang.foreign.MemorySegment;

/** Expands quantised blocks as GGUF stores them, and packs them. */
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

  /** Packs numbers into neighbouring blocks, of which the first holds the element at a position. */
  static void quantize(float[] numbers, Elements target, long position) {
    Quantization.encodeOrNan(
        target.dtype(),
        MemorySegment.ofArray(numbers),
        0,
        target.memory(),
        target.byteOffset() + target.dtype().byteSize(position),
        numbers.length);
  }
}
