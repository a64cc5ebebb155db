package dev.wick.streaming.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class IntroSortTest {
  @Test
  void order_randomKeys_isSortedPermutation() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int size : new int[] {0, 1, 2, 3, 16, 17, 31, 500, 4099}) {
      float[] keys = new float[size];
      for (int i = 0; i < size; i++) {
        keys[i] = random.nextInt(1 + size / 3);
      }

      int[] order = IntroSort.order(keys);

      assertThat(order).as("seed " + seed).doesNotHaveDuplicates().hasSize(size);
      for (int i = 1; i < size; i++) {
        assertThat(keys[order[i - 1]]).as("seed " + seed).isLessThanOrEqualTo(keys[order[i]]);
      }
    }
  }

  /** The hashes are those of std::sort, libstdc++ 12.2, on the same keys. */
  @Test
  void order_equalKeys_liesAsTheCppLibraryLaysThem() {
    assertThat(hash(IntroSort.order(equalKeys(200, 11)))).isEqualTo(8401399624194922265L);
    assertThat(hash(IntroSort.order(equalKeys(5000, 2)))).isEqualTo(2095034493283317403L);
  }

  /** Keys that make every pivot a bad one, so that the heap sort takes over; libstdc++ 12.2. */
  @Test
  void order_medianOfThreeKiller_liesAsTheCppLibraryLaysThem() {
    int size = 1000;
    int half = size / 2;
    float[] keys = new float[size];
    for (int i = 1; i <= half; i++) {
      if (i % 2 == 1) {
        keys[i - 1] = i;
        keys[i] = half + i;
      }
      keys[half + i - 1] = 2 * i;
    }

    assertThat(hash(IntroSort.order(keys))).isEqualTo(-5790197073063475561L);
  }

  private static float[] equalKeys(int size, int distinct) {
    float[] keys = new float[size];
    int state = 12345 + size;
    for (int i = 0; i < size; i++) {
      state = state * 1103515245 + 12345;
      keys[i] = (state >>> 16) % distinct;
    }
    return keys;
  }

  private static long hash(int[] order) {
    long hash = 7;
    for (int index : order) {
      hash = hash * 31 + index;
    }
    return hash;
  }
}
