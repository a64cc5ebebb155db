package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Blocks of 32 elements, as GGUF stores them, to F32. */
final class DequantizeKernel extends RowsKernel {
  private static final int BLOCK = 32;

  private final HostTensor x;
  private final HostTensor result;

  DequantizeKernel(HostTensor x, HostTensor result) {
    super(x.size() / BLOCK, BLOCK);
    this.x = x;
    this.result = result;
  }

  static boolean supports(DType dtype) {
    return dtype == DType.Q8_0 || dtype == DType.Q4_0;
  }

  @Override
  void row(long block) {
    MemorySegment source = x.segment();
    long from = x.offset() + block * x.dtype().blockBytes();
    long to = result.offset() + 4L * BLOCK * block;
    float scale = Float.float16ToFloat(source.get(Layouts.SHORT, from));
    if (x.dtype() == DType.Q8_0) {
      for (int i = 0; i < BLOCK; i++) {
        byte quant = source.get(ValueLayout.JAVA_BYTE, from + 2 + i);
        result.segment().set(Layouts.FLOAT, to + 4L * i, quant * scale);
      }
    } else {
      // The first half of a block lies in the low nibbles, the second in the high ones.
      for (int i = 0; i < BLOCK / 2; i++) {
        int pair = source.get(ValueLayout.JAVA_BYTE, from + 2 + i);
        result.segment().set(Layouts.FLOAT, to + 4L * i, ((pair & 15) - 8) * scale);
        result.segment().set(Layouts.FLOAT, to + 4L * (i + 16), ((pair >> 4 & 15) - 8) * scale);
      }
    }
  }
}
