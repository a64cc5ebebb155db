package dev.wick.backend.cpu;

import dev.wick.backend.cpu.kernel.CpuKernel;
import dev.wick.engine.op.Gather;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Steps between the calls of a recording that give mapped pages back to the system. */
final class PageReleases {
  /** Weights below this many bytes stay: a system call would cost more than they take. */
  private static final long SMALLEST = 64 << 10;

  private final Residency<MemorySegment> residency;

  private PageReleases(Residency<MemorySegment> residency) {
    this.residency = residency;
  }

  /**
   * Plans the releases of a list of calls.
   *
   * @param residentShare of the mapped bytes that the calls read
   * @return empty where everything stays, or the system cannot be told
   */
  static Optional<PageReleases> of(
      List<OpCall> calls, double residentShare, Function<DeviceBuffer, CpuBuffer> own) {
    if (residentShare >= 1 || !MemoryAdvice.isAvailable()) {
      return Optional.empty();
    }
    List<List<MemorySegment>> uses = new ArrayList<>();
    List<List<MemorySegment>> touches = new ArrayList<>();
    for (OpCall call : calls) {
      List<MemorySegment> read =
          call.operands().stream()
              .map(operand -> own.apply(operand.buffer()).mappedFile())
              .flatMap(Optional::stream)
              .filter(memory -> memory.byteSize() >= SMALLEST)
              .distinct()
              .toList();
      boolean someRows = call.op() instanceof Gather;
      uses.add(someRows ? List.of() : read);
      touches.add(someRows ? read : List.of());
    }
    Map<MemorySegment, Long> bytes = new LinkedHashMap<>();
    uses.forEach(read -> read.forEach(memory -> bytes.put(memory, memory.byteSize())));
    long limit = (long) (residentShare * bytes.values().stream().mapToLong(Long::longValue).sum());
    return bytes.isEmpty()
        ? Optional.empty()
        : Optional.of(new PageReleases(new Residency<>(bytes, uses, touches, limit)));
  }

  /** The step before the first call. */
  Optional<CpuKernel> before() {
    return step(residency.absent());
  }

  /** The step after some calls that follow each other. */
  Optional<CpuKernel> after(int from, int end) {
    return step(
        IntStream.range(from, end)
            .mapToObj(residency::leavingAfter)
            .flatMap(List::stream)
            .toList());
  }

  private static Optional<CpuKernel> step(List<MemorySegment> blocks) {
    if (blocks.isEmpty()) {
      return Optional.empty();
    }
    Range[] ranges = ranges(blocks).toArray(Range[]::new);
    return Optional.of(
        _ -> {
          for (Range range : ranges) {
            MemoryAdvice.release(range.begin(), range.end());
          }
        });
  }

  /** Addresses from one to before another. */
  private record Range(long begin, long end) {}

  /** Blocks that follow each other in memory as one, since each call of the system costs. */
  private static List<Range> ranges(List<MemorySegment> blocks) {
    List<Range> ranges = new ArrayList<>();
    for (MemorySegment block :
        blocks.stream().sorted(Comparator.comparingLong(MemorySegment::address)).toList()) {
      long begin = block.address();
      long end = begin + block.byteSize();
      boolean follows = !ranges.isEmpty() && ranges.getLast().end() == begin;
      ranges.add(follows ? new Range(ranges.removeLast().begin(), end) : new Range(begin, end));
    }
    return ranges;
  }
}
