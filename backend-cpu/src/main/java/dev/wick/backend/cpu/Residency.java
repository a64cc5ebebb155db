package dev.wick.backend.cpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of the blocks that a list of calls reads again and again leave memory after which call, so
 * that those in memory stay within a limit. What is needed last leaves first, which is the least
 * traffic there can be (Belady 1966, doi:10.1147/sj.52.0078): calls are known beforehand and
 * repeat.
 *
 * @param <B> what stands for a block
 */
final class Residency<B> {
  private final Map<B, Long> bytes;
  private final List<List<B>> uses;
  private final List<List<B>> touches;
  private final Map<B, List<Integer>> usesByBlock = new LinkedHashMap<>();
  private final List<List<B>> leaving = new ArrayList<>();
  private final List<B> absent;

  /**
   * Plans a run that is followed by others.
   *
   * @param bytes size of each block
   * @param uses the blocks that each call reads as a whole, call by call
   * @param touches those of which it reads a little, which is not worth keeping them
   * @param limit most bytes in memory; exceeded where one call reads more
   */
  Residency(Map<B, Long> bytes, List<List<B>> uses, List<List<B>> touches, long limit) {
    this.bytes = bytes;
    this.uses = uses;
    this.touches = touches;
    for (int call = 0; call < uses.size(); call++) {
      for (B block : uses.get(call)) {
        usesByBlock.computeIfAbsent(block, _ -> new ArrayList<>()).add(call);
      }
    }
    // The first run finds nothing in memory; the second one what any later run finds.
    Set<B> present = new LinkedHashSet<>();
    run(present, limit);
    leaving.clear();
    Set<B> missing = new LinkedHashSet<>(bytes.keySet());
    missing.removeAll(present);
    absent = List.copyOf(missing);
    run(present, limit);
  }

  /** Blocks that are not in memory when a run begins. */
  List<B> absent() {
    return absent;
  }

  /** Blocks that leave memory once a call is done. */
  List<B> leavingAfter(int call) {
    return Collections.unmodifiableList(leaving.get(call));
  }

  private void run(Set<B> present, long limit) {
    long total = present.stream().mapToLong(this::size).sum();
    for (int call = 0; call < uses.size(); call++) {
      for (B block : uses.get(call)) {
        total += present.add(block) ? size(block) : 0;
      }
      List<B> gone = new ArrayList<>();
      long coming = coming(present, call + 1);
      Optional<B> last = neededLast(present, call);
      while (total + coming > limit && last.isPresent()) {
        present.remove(last.get());
        total -= size(last.get());
        gone.add(last.get());
        last = neededLast(present, call);
      }
      touches.get(call).stream().filter(block -> !present.contains(block)).forEach(gone::add);
      leaving.add(gone);
    }
  }

  private long size(B block) {
    return Objects.requireNonNull(bytes.get(block));
  }

  /** Bytes that a call finds missing; with large pages touching a block brings in most of it. */
  private long coming(Set<B> present, int call) {
    int next = call % uses.size();
    return Stream.concat(uses.get(next).stream(), touches.get(next).stream())
        .filter(block -> !present.contains(block))
        .mapToLong(this::size)
        .sum();
  }

  /** What is needed last of all that the next call does not read. */
  private Optional<B> neededLast(Set<B> present, int call) {
    return present.stream()
        .filter(block -> distance(block, call) > 1)
        .max(Comparator.comparingInt(block -> distance(block, call)));
  }

  /** Number of calls from one to the next that reads a block. */
  private int distance(B block, int call) {
    List<Integer> calls = Objects.requireNonNull(usesByBlock.get(block));
    int found = Collections.binarySearch(calls, call + 1);
    int next = found >= 0 ? found : -found - 1;
    return next < calls.size() ? calls.get(next) - call : calls.getFirst() + uses.size() - call;
  }
}
