package dev.wick.benchmarks;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** How fast some threads together read memory once, front to back: the limit of decoding. */
final class ReadProbe {
  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
  private static final AtomicLong SINK = new AtomicLong();

  private ReadProbe() {}

  /** Bytes per second over one pass. */
  static double bytesPerSecond(MemorySegment memory, int threads) throws InterruptedException {
    long part = memory.byteSize() / threads / 4096 * 4096;
    return Threads.time(
        threads,
        thread -> SINK.addAndGet(sum(memory.asSlice(thread * part, part))),
        (double) part * threads);
  }

  /** Four independent streams of loads, so that neither latency nor additions limit. */
  private static long sum(MemorySegment memory) {
    LongVector a = LongVector.zero(SPECIES);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    long bytes = SPECIES.vectorByteSize();
    for (long i = 0; i + 4 * bytes <= memory.byteSize(); i += 4 * bytes) {
      a = a.add(LongVector.fromMemorySegment(SPECIES, memory, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(SPECIES, memory, i + bytes, ByteOrder.LITTLE_ENDIAN));
      c =
          c.add(
              LongVector.fromMemorySegment(
                  SPECIES, memory, i + 2 * bytes, ByteOrder.LITTLE_ENDIAN));
      d =
          d.add(
              LongVector.fromMemorySegment(
                  SPECIES, memory, i + 3 * bytes, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
