package dev.wick.examples.tiny;

import java.util.List;
import java.util.random.RandomGenerator;

/** Questions about the world of the corpus, with answers. */
final class Conversations {
  private static final List<String> NUMBERS =
      List.of(
          "zero",
          "one",
          "two",
          "three",
          "four",
          "five",
          "six",
          "seven",
          "eight",
          "nine",
          "ten",
          "eleven",
          "twelve",
          "thirteen",
          "fourteen",
          "fifteen",
          "sixteen",
          "seventeen",
          "eighteen");

  private Conversations() {}

  /** A question and its answer in plain words. */
  record Turn(String question, String answer) {}

  /** A turn at random. */
  static Turn any(RandomGenerator random) {
    Animal animal = Stories.any(Animal.ALL, random);
    return switch (random.nextInt(12)) {
      case 0, 1 -> food(animal, random);
      case 2, 3 -> home(animal, random);
      case 4, 5 -> sound(animal, random);
      case 6, 7 -> colour(animal, random);
      case 8 -> sum(random);
      case 9 -> greeting(random);
      default -> story(animal, random);
    };
  }

  /** A question about a fact at random: what styles are shown on. */
  static Turn fact(RandomGenerator random) {
    Animal animal = Stories.any(Animal.ALL, random);
    return switch (random.nextInt(4)) {
      case 0 -> food(animal, random);
      case 1 -> home(animal, random);
      case 2 -> sound(animal, random);
      default -> colour(animal, random);
    };
  }

  private static Turn food(Animal animal, RandomGenerator random) {
    String question =
        switch (random.nextInt(3)) {
          case 0 -> "What does %s eat?".formatted(animal.withArticle());
          case 1 -> "What do %s eat?".formatted(animal.names());
          default -> "Tell me what %s likes to eat.".formatted(animal.withArticle());
        };
    return new Turn(question, "%s eats %s.".formatted(animal.opening(), animal.food()));
  }

  private static Turn home(Animal animal, RandomGenerator random) {
    String question =
        switch (random.nextInt(3)) {
          case 0 -> "Where does %s live?".formatted(animal.withArticle());
          case 1 -> "Where do %s live?".formatted(animal.names());
          default -> "What is the home of %s?".formatted(animal.withArticle());
        };
    return new Turn(question, "%s lives %s.".formatted(animal.opening(), animal.home()));
  }

  private static Turn sound(Animal animal, RandomGenerator random) {
    String question =
        random.nextBoolean()
            ? "What sound does %s make?".formatted(animal.withArticle())
            : "How does %s sound?".formatted(animal.withArticle());
    return new Turn(question, "%s %s.".formatted(animal.opening(), animal.sound()));
  }

  private static Turn colour(Animal animal, RandomGenerator random) {
    String question =
        random.nextBoolean()
            ? "What colour is %s?".formatted(animal.withArticle())
            : "Which colour do %s have?".formatted(animal.names());
    return new Turn(question, "%s is %s.".formatted(animal.opening(), animal.colour()));
  }

  private static Turn sum(RandomGenerator random) {
    int a = random.nextInt(10);
    int b = random.nextInt(9);
    return new Turn(
        "What is %s plus %s?".formatted(NUMBERS.get(a), NUMBERS.get(b)),
        "%s plus %s is %s.".formatted(capital(NUMBERS.get(a)), NUMBERS.get(b), NUMBERS.get(a + b)));
  }

  private static Turn greeting(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> new Turn("Hello!", "Hello! Ask me about an animal, or ask for a story.");
      case 1 -> new Turn("Who are you?", "I am wick-tiny, a very small language model.");
      case 2 ->
          new Turn("What can you do?", "I can tell stories and answer questions about animals.");
      default -> new Turn("Thank you.", "You are welcome.");
    };
  }

  /** A request for a story, and one. */
  static Turn story(Animal animal, RandomGenerator random) {
    String question =
        switch (random.nextInt(3)) {
          case 0 -> "Tell me a story about %s.".formatted(animal.withArticle());
          case 1 -> "Please tell me a story about %s.".formatted(animal.withArticle());
          default -> "Do you know a story about %s?".formatted(animal.withArticle());
        };
    return new Turn(question, Stories.about(animal, random));
  }

  static String capital(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
