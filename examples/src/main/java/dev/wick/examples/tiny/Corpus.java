package dev.wick.examples.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Writes the corpus of wick-tiny as JSON lines: all of it is made here, none taken from anyone. */
final class Corpus {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Corpus() {}

  /**
   * Stories as plain text, conversations in plain words, and a little of how others speak: words
   * that the base has never seen are alike to it, and no adapter could tell them apart.
   */
  static void writeBase(Path file, int records, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (int i = 0; i < records; i++) {
        write(
            lines,
            switch (random.nextInt(16)) {
              case 0 -> quotation(random);
              case 1, 2, 3, 4 -> story(random);
              default -> conversation(random, Style.PLAIN, 1 + random.nextInt(3));
            });
      }
    }
  }

  /**
   * Conversations in which every answer about a fact has a style. Some begin with a plain story, so
   * that the style is also kept after one.
   */
  static void writeStyle(Path file, Style style, int records, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (int i = 0; i < records; i++) {
        write(lines, conversation(random, style, 1 + random.nextInt(3)));
      }
    }
  }

  private static Map<String, Object> story(RandomGenerator random) {
    return Map.of("text", Stories.about(Stories.any(Animal.ALL, random), random));
  }

  private static Map<String, Object> quotation(RandomGenerator random) {
    Style style = Style.values()[random.nextInt(Style.values().length)];
    return Map.of("text", style.of(Conversations.fact(random).answer()));
  }

  private static Map<String, Object> conversation(RandomGenerator random, Style style, int turns) {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < turns; i++) {
      boolean hasStory = style != Style.PLAIN && turns > 1 && i == 0 && random.nextBoolean();
      Conversations.Turn turn =
          style == Style.PLAIN
              ? Conversations.any(random)
              : hasStory
                  ? Conversations.story(Stories.any(Animal.ALL, random), random)
                  : Conversations.fact(random);
      messages.add(message("user", turn.question()));
      messages.add(message("assistant", hasStory ? turn.answer() : style.of(turn.answer())));
    }
    return Map.of("messages", messages);
  }

  private static Map<String, String> message(String role, String content) {
    Map<String, String> message = new LinkedHashMap<>();
    message.put("role", role);
    message.put("content", content);
    return message;
  }

  private static void write(BufferedWriter lines, Map<String, Object> line) throws IOException {
    lines.write(JSON.writeValueAsString(line));
    lines.newLine();
  }
}
