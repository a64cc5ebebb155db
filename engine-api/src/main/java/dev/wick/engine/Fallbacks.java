package dev.wick.engine;

import dev.wick.engine.op.FusedOp;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts the fused operations that ran as their decompositions. Thread-safe. */
final class Fallbacks {
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  void count(FusedOp op) {
    counts.computeIfAbsent(op.name(), name -> new LongAdder()).increment();
  }

  Map<String, Long> counts() {
    Map<String, Long> result = new TreeMap<>();
    counts.forEach((name, count) -> result.put(name, count.sum()));
    return result;
  }
}
