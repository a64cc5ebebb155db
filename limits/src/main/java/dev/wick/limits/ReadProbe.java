package dev.wick.limits;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How fast some threads together read the weights that a decoded token needs, once, front to back,
 * doing nothing but adding them up: the limit of decoding.
 */
public final class ReadProbe {
  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
  private static final int VECTOR = SPECIES.vectorByteSize();
  private static final long CHUNK = 1 << 22;
  private static final AtomicLong SINK = new AtomicLong();

  private final List<MemorySegment> chunks;
  private final long bytes;

  /** A probe of the segments, in this order; they stay open as long as it is used. */
  public ReadProbe(List<MemorySegment> segments) {
    chunks = segments.stream().<MemorySegment>mapMulti(ReadProbe::cut).toList();
    bytes = chunks.stream().mapToLong(MemorySegment::byteSize).sum();
  }

  private static void cut(MemorySegment segment, Consumer<MemorySegment> chunks) {
    for (long from = 0; from < segment.byteSize(); from += CHUNK) {
      chunks.accept(segment.asSlice(from, Math.min(CHUNK, segment.byteSize() - from)));
    }
  }

  /** How much one pass reads. */
  public long bytes() {
    return bytes;
  }

  /** Bytes per second over some passes. */
  public double bytesPerSecond(int threads, int passes) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    int last = passes * chunks.size();
    return Threads.time(
        threads,
        _ -> {
          for (int i = next.getAndIncrement(); i < last; i = next.getAndIncrement()) {
            SINK.addAndGet(sum(chunks.get(i % chunks.size())));
          }
        },
        (double) bytes * passes);
  }

  /** Four independent streams of loads, so that neither latency nor additions limit. */
  private static long sum(MemorySegment memory) {
    LongVector a = LongVector.zero(SPECIES);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    for (long i = 0; i + 4L * VECTOR <= memory.byteSize(); i += 4L * VECTOR) {
      a = a.add(load(memory, i));
      b = b.add(load(memory, i + VECTOR));
      c = c.add(load(memory, i + 2L * VECTOR));
      d = d.add(load(memory, i + 3L * VECTOR));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }

  private static LongVector load(MemorySegment memory, long offset) {
    return LongVector.fromMemorySegment(SPECIES, memory, offset, ByteOrder.LITTLE_ENDIAN);
  }
}
