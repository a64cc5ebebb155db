package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
  @Test
  void next_anySplitOfTheText_givesTheSame() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 3000; round++) {
      String text = letters(random, 30);
      List<String> stops = List.of(letters(random, 1 + random.nextInt(4)), letters(random, 3));

      StopStrings whole = new StopStrings(stops);
      String expected = expected(text, stops);
      StopStrings parts = new StopStrings(stops);
      StringBuilder shown = new StringBuilder();
      int at = 0;
      while (at < text.length() && !parts.matched()) {
        int end = Math.min(text.length(), at + 1 + random.nextInt(5));
        shown.append(parts.next(text.substring(at, end)));
        at = end;
      }
      shown.append(parts.matched() ? "" : parts.finish());

      String what = "seed %d round %d text %s stops %s".formatted(seed, round, text, stops);
      String all = whole.next(text) + (whole.matched() ? "" : whole.finish());
      assertThat(all).as(what).isEqualTo(expected);
      assertThat(shown).as(what).hasToString(expected);
    }
  }

  @Test
  void next_severalEndAtOnePlace_theLongestCounts() {
    StopStrings stops = new StopStrings(List.of("c", "abc"));

    assertThat(stops.next("xabcd")).isEqualTo("x");
    assertThat(stops.matched()).isTrue();
  }

  private static String expected(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String front = text.substring(0, end);
      int longest = stops.stream().filter(front::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return front.substring(0, end - longest);
      }
    }
    return text;
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
