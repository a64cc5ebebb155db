package dev.wick.limits;

import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** How many f32 operations some threads do with fused multiply-add: the limit of prefill. */
public final class FmaProbe {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int ROUNDS = 20_000_000;
  private static final int CHAINS = 12;
  private static final AtomicLong SINK = new AtomicLong();

  private FmaProbe() {}

  /** Operations per second, a multiplication and an addition being two. */
  public static double operationsPerSecond(int threads) throws InterruptedException {
    double operations = 2.0 * ROUNDS * CHAINS * SPECIES.length() * threads;
    return Threads.time(
        threads, thread -> SINK.addAndGet((long) run(1 + thread * 1e-9f)), operations);
  }

  private static float run(float seed) {
    FloatVector m = FloatVector.broadcast(SPECIES, 1 - 1e-7f);
    FloatVector a = FloatVector.broadcast(SPECIES, seed);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    FloatVector e = a;
    FloatVector f = a;
    FloatVector g = a;
    FloatVector h = a;
    FloatVector i = a;
    FloatVector j = a;
    FloatVector k = a;
    FloatVector l = a;
    for (int round = 0; round < ROUNDS; round++) {
      a = a.fma(m, m);
      b = b.fma(m, m);
      c = c.fma(m, m);
      d = d.fma(m, m);
      e = e.fma(m, m);
      f = f.fma(m, m);
      g = g.fma(m, m);
      h = h.fma(m, m);
      i = i.fma(m, m);
      j = j.fma(m, m);
      k = k.fma(m, m);
      l = l.fma(m, m);
    }
    return a.add(b)
        .add(c.add(d))
        .add(e.add(f))
        .add(g.add(h))
        .add(i.add(j))
        .add(k.add(l))
        .reduceLanes(VectorOperators.ADD);
  }
}
