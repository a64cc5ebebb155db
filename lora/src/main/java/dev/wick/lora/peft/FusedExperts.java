package dev.wick.lora.peft;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Takes the changes of single experts out of a fused one: A [experts * rank, in] holds one expert's
 * rows together, B [out, rank * experts] has one expert's columns a stride of experts apart (PEFT's
 * {@code ParamWrapper.get_delta_weight}). Parts of A are views; those of B are copied.
 */
final class FusedExperts {
  private final LowRank all;
  private final int experts;
  private final int rank;

  FusedExperts(LowRank all, int experts) {
    this.all = all;
    this.experts = experts;
    this.rank = all.rank() / experts;
  }

  /** The change of some rows of an expert's output. */
  LowRank expert(int expert, long beginRow, long endRow) {
    TensorSpec a = TensorSpec.of(all.a().spec().dtype(), rank, all.in());
    MemorySegment rows = all.a().data().asSlice(expert * a.byteSize(), a.byteSize());
    return new LowRank(new HostTensor(a, rows), columns(expert, beginRow, endRow), all.scale());
  }

  private HostTensor columns(int expert, long beginRow, long endRow) {
    TensorSpec spec = TensorSpec.of(all.b().spec().dtype(), endRow - beginRow, rank);
    int width = spec.dtype().blockBytes();
    MemorySegment from = all.b().data();
    MemorySegment to = Arena.ofAuto().allocate(spec.byteSize(), 64);
    long target = 0;
    for (long row = beginRow; row < endRow; row++) {
      for (long j = 0; j < rank; j++) {
        long index = (row * rank + j) * experts + expert;
        if (width == Short.BYTES) {
          to.set(JAVA_SHORT_UNALIGNED, target, from.get(JAVA_SHORT_UNALIGNED, index * width));
        } else {
          to.set(JAVA_INT_UNALIGNED, target, from.get(JAVA_INT_UNALIGNED, index * width));
        }
        target += width;
      }
    }
    return new HostTensor(spec, to);
  }
}
