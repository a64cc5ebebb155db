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

  /** Stories as plain text and conversations in plain words. */
  static void writeBase(Path file, int records, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (int i = 0; i < records; i++) {
        boolean story = random.nextInt(4) == 0;
        write(
            lines,
            story ? story(random) : conversation(random, Style.PLAIN, 1 + random.nextInt(3)));
      }
    }
  }

  /** Conversations about facts in which every answer has a style. */
  static void writeStyle(Path file, Style style, int records, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (BufferedWriter lines = Files.newBufferedWriter(file)) {
      for (int i = 0; i < records; i++) {
        write(lines, conversation(random, style, 1));
      }
    }
  }

  private static Map<String, Object> story(RandomGenerator random) {
    return Map.of("text", Stories.about(Stories.any(Animal.ALL, random), random));
  }

  private static Map<String, Object> conversation(RandomGenerator random, Style style, int turns) {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < turns; i++) {
      Conversations.Turn turn =
          style == Style.PLAIN ? Conversations.any(random) : Conversations.fact(random);
      messages.add(message("user", turn.question()));
      messages.add(message("assistant", style.of(turn.answer())));
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
