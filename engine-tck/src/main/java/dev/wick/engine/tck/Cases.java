package dev.wick.engine.tck;

import java.util.List;
import java.util.random.RandomGenerator;

/** The cases of one operation or of a few that are alike: the one list behind every section. */
interface Cases {
  /** Name in reports. */
  String name();

  /** Shapes and values that hurt, the same in every run but for the numbers in them. */
  List<OpCase> chosen(RandomGenerator random);

  /** A case of any shape. */
  OpCase any(RandomGenerator random);

  /** Extents around vector lengths and blocks, and primes. */
  List<Integer> EXTENTS = List.of(0, 1, 2, 7, 31, 32, 33, 127, 128, 129, 257);

  /** An extent, mostly small. */
  static int extent(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> EXTENTS.get(random.nextInt(EXTENTS.size()));
      case 1 -> 1 + random.nextInt(70);
      default -> 1 + random.nextInt(9);
    };
  }

  /** Extents of a tensor of a rank from 0 to 4, none or few of them large. */
  static long[] extents(RandomGenerator random, int lowestRank) {
    long[] extents = new long[lowestRank + random.nextInt(5 - lowestRank)];
    long size = 1;
    for (int i = 0; i < extents.length; i++) {
      extents[i] = size > 300 ? 1 + random.nextInt(3) : extent(random);
      size *= Math.max(1, extents[i]);
    }
    return extents;
  }
}
