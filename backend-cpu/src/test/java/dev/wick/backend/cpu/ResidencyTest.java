package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidencyTest {
  /** Forward through four layers and a head, and back. */
  private static final List<List<String>> STEP =
      IntStream.of(0, 1, 2, 3, 4, 4, 3, 2, 1, 0).mapToObj(i -> List.of("w" + i)).toList();

  @Test
  void plan_roomForAll_keepsAll() {
    Residency<String> residency = plan(STEP, 50);

    assertThat(residency.absent()).isEmpty();
    IntStream.range(0, STEP.size())
        .forEach(call -> assertThat(residency.leavingAfter(call)).as("call %d", call).isEmpty());
  }

  @Test
  void plan_forwardAndBackward_keepsBothEnds() {
    Residency<String> residency = plan(STEP, 30);

    assertThat(brought(residency, STEP)).as("blocks that come in").isEqualTo(4);
    assertThat(residency.absent()).containsExactlyInAnyOrder("w3", "w4");
  }

  @Test
  void plan_callLargerThanLimit_keepsNothingElse() {
    List<List<String>> uses = List.of(List.of("a"), List.of("b", "c"), List.of("d"));

    Residency<String> residency = plan(uses, 15);

    assertThat(mostAtOnce(residency, uses, 10)).isEqualTo(20);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void plan_randomCalls_staysWithinLimit(long seed) {
    Random random = new Random(seed);
    List<List<String>> uses = new ArrayList<>();
    for (int call = 0; call < 60; call++) {
      Set<String> read = new LinkedHashSet<>();
      for (int i = random.nextInt(3); i > 0; i--) {
        read.add("w" + random.nextInt(20));
      }
      uses.add(List.copyOf(read));
    }
    for (int limit : new int[] {40, 90, 150}) {
      Residency<String> residency = plan(uses, limit);

      assertThat(mostAtOnce(residency, uses, 10))
          .as("seed %d, limit %d", seed, limit)
          .isLessThanOrEqualTo(limit);
    }
  }

  @Test
  void plan_blockThatIsTouched_findsRoomAndLeavesAtOnce() {
    List<List<String>> uses = List.of(List.of(), List.of("a"), List.of("b"), List.of("c"));
    List<List<String>> touches = List.of(List.of("b"), List.of(), List.of(), List.of());

    Residency<String> residency = new Residency<>(sizes(uses, 10), uses, touches, 20);

    assertThat(residency.absent()).contains("b").hasSize(2);
    assertThat(residency.leavingAfter(0)).containsExactly("b");
  }

  private static Residency<String> plan(List<List<String>> uses, long limit) {
    List<List<String>> touches = Collections.nCopies(uses.size(), List.of());
    return new Residency<>(sizes(uses, 10), uses, touches, limit);
  }

  private static Map<String, Long> sizes(List<List<String>> uses, long bytes) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    uses.forEach(read -> read.forEach(block -> sizes.put(block, bytes)));
    return sizes;
  }

  private static int brought(Residency<String> residency, List<List<String>> uses) {
    int[] result = new int[2];
    simulate(residency, uses, 1, result);
    return result[0];
  }

  private static int mostAtOnce(Residency<String> residency, List<List<String>> uses, int bytes) {
    int[] result = new int[2];
    simulate(residency, uses, bytes, result);
    return result[1];
  }

  /** Blocks brought in by the third of three runs, and the most bytes there at once in any. */
  private static void simulate(
      Residency<String> residency, List<List<String>> uses, int bytes, int[] result) {
    Set<String> present = new LinkedHashSet<>();
    for (int run = 0; run < 3; run++) {
      result[0] = 0;
      residency.absent().forEach(present::remove);
      for (int call = 0; call < uses.size(); call++) {
        for (String block : uses.get(call)) {
          result[0] += present.add(block) ? 1 : 0;
        }
        result[1] = Math.max(result[1], present.size() * bytes);
        residency.leavingAfter(call).forEach(present::remove);
      }
    }
  }
}
