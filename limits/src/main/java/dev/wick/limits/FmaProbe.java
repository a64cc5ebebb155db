package dev.wick.limits;

import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** How many f32 operations some threads do with fused multiply-add: the limit of prefill. */
public final class FmaProbe {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final long NANOS = 40_000_000;
  private static final int ROUNDS = 4_000;
  private static final int CHAINS = 12;
  private static final AtomicLong SINK = new AtomicLong();

  private FmaProbe() {}

  /**
   * Operations per second, a multiplication and an addition being two. A processor that cannot fuse
   * them, for which Java computes each in software, is measured without.
   */
  public static double operationsPerSecond(int threads) throws InterruptedException {
    return Math.max(rate(threads, FmaProbe::fused), rate(threads, FmaProbe::separate));
  }

  /** Some rounds, from a number. */
  @FunctionalInterface
  private interface Loop {
    float run(float seed);
  }

  /** For a time and not for an amount, which might take for ever. */
  private static double rate(int threads, Loop loop) throws InterruptedException {
    AtomicLong runs = new AtomicLong();
    long end = System.nanoTime() + NANOS;
    double perSecond =
        Threads.time(
            threads,
            thread -> {
              do {
                SINK.addAndGet((long) loop.run(1 + thread * 1e-9f));
                runs.incrementAndGet();
              } while (System.nanoTime() < end);
            },
            1);
    return perSecond * runs.get() * 2.0 * ROUNDS * CHAINS * SPECIES.length();
  }

  private static float fused(float seed) {
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

  private static float separate(float seed) {
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
      a = a.mul(m).add(m);
      b = b.mul(m).add(m);
      c = c.mul(m).add(m);
      d = d.mul(m).add(m);
      e = e.mul(m).add(m);
      f = f.mul(m).add(m);
      g = g.mul(m).add(m);
      h = h.mul(m).add(m);
      i = i.mul(m).add(m);
      j = j.mul(m).add(m);
      k = k.mul(m).add(m);
      l = l.mul(m).add(m);
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
