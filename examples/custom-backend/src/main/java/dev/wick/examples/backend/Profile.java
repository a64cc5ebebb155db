package dev.wick.examples.backend;

import dev.wick.engine.op.Op;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Calls and time per operation. Thread-safe. */
final class Profile {
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  /** The place where the calls of an operation are counted. */
  Entry entry(Op op) {
    return entries.computeIfAbsent(op.name(), name -> new Entry());
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /** A table, the operation that took longest first. */
  String report(String device) {
    StringBuilder text = new StringBuilder("operations on ").append(device);
    text.append(String.format(Locale.ROOT, "%n%-20s %10s %12s", "operation", "calls", "ms"));
    entries.entrySet().stream()
        .sorted(
            Comparator.comparingLong((Map.Entry<String, Entry> e) -> -e.getValue().nanos())
                .thenComparing(Map.Entry::getKey))
        .forEach(
            e ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "%n%-20s %,10d %,12.3f",
                        e.getKey(),
                        e.getValue().calls(),
                        e.getValue().nanos() / 1e6)));
    return text.toString();
  }

  /** What is known of one operation. */
  static final class Entry {
    private final LongAdder calls = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    void add(long elapsedNanos) {
      calls.increment();
      nanos.add(elapsedNanos);
    }

    long calls() {
      return calls.sum();
    }

    long nanos() {
      return nanos.sum();
    }
  }
}
