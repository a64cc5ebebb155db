package dev.wick.engine.model;

import dev.wick.engine.op.LoraMatMul;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The place of an adapter in a {@link LoraPool}; does not keep the adapter alive. */
final class LoraResident {
  private final WeakReference<Adapter> adapter;
  private final Map<String, Place> places = new LinkedHashMap<>();
  long floats;
  int maxRank;
  long offset;
  long lastUse;

  LoraResident(Adapter adapter) {
    this.adapter = new WeakReference<>(adapter);
  }

  boolean holds(Adapter other) {
    return adapter.refersTo(other);
  }

  boolean isUnreachable() {
    return adapter.refersTo(null);
  }

  Set<String> targets() {
    return places.keySet();
  }

  /** Sets room aside for the numbers of a linear. */
  void add(String linear, int rank, long in, long out, boolean rescale, boolean bias) {
    long a = reserve(rank * in);
    long b = reserve(rank * out);
    places.put(
        linear, new Place(rank, a, b, rescale ? reserve(out) : -1, bias ? reserve(out) : -1));
    maxRank = Math.max(maxRank, rank);
  }

  private long reserve(long count) {
    long start = floats;
    floats += Math.ceilDiv(count, LoraMatMul.UNIT) * LoraMatMul.UNIT;
    return start;
  }

  Place place(String linear) {
    return Objects.requireNonNull(places.get(linear), linear);
  }

  /** Writes the row of {@link LoraMatMul}'s places for a linear, rank 0 for one it leaves alone. */
  void describe(String linear, int[] target, int at) {
    Place place = places.get(linear);
    target[at] = place == null ? 0 : unit(place.a);
    target[at + 1] = place == null ? 0 : unit(place.b);
    target[at + 2] = place == null ? 0 : place.rank;
    target[at + 3] = place == null || place.rescale < 0 ? -1 : unit(place.rescale);
    target[at + 4] = place == null || place.bias < 0 ? -1 : unit(place.bias);
  }

  private int unit(long start) {
    return (int) ((offset + start) / LoraMatMul.UNIT);
  }

  /** Where the numbers of a linear begin, in floats from the adapter's own; -1 for none. */
  record Place(int rank, long a, long b, long rescale, long bias) {}
}
