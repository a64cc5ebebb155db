package dev.wick.examples.tiny;

import java.util.List;
import java.util.random.RandomGenerator;

/** Short stories about the animals of the corpus, put together at random from parts that fit. */
final class Stories {
  private static final List<String> NAMES =
      List.of(
          "Pip", "Mia", "Tom", "Lily", "Ben", "Nora", "Finn", "Ruby", "Max", "Anna", "Leo", "Ida");

  private static final List<String> TRAITS =
      List.of(
          "small", "clever", "brave", "shy", "kind", "hungry", "sleepy", "curious", "quick", "old");

  private static final List<String> TIMES =
      List.of("One day", "One morning", "One cold evening", "On a sunny day", "After the rain");

  private static final List<String> FINDS =
      List.of(
          "a shiny stone",
          "an old key",
          "a red ball",
          "a little boat",
          "a broken lamp",
          "a map of the forest",
          "a warm coat",
          "a golden ring",
          "a box of candles",
          "a blue feather");

  private static final List<String> PLACES =
      List.of(
          "by the river",
          "near the bridge",
          "under a tall tree",
          "on the path to the village",
          "behind the mill",
          "in the long grass",
          "at the edge of the forest");

  private static final List<String> FEARS =
      List.of("the storm", "the dark", "the deep water", "the high hill", "the loud wind");

  private static final List<String> LESSONS =
      List.of(
          "a friend is worth more than gold",
          "it is good to share",
          "small steps go a long way",
          "it is never too late to learn",
          "a kind word costs nothing",
          "one who asks finds the way",
          "light is warmer when it is shared");

  private Stories() {}

  /** A story about an animal. */
  static String about(Animal animal, RandomGenerator random) {
    String name = any(NAMES, random);
    Animal other = any(Animal.ALL, random);
    while (other.equals(animal)) {
      other = any(Animal.ALL, random);
    }
    String friend = any(NAMES, random);
    while (friend.equals(name)) {
      friend = any(NAMES, random);
    }
    String find = any(FINDS, random);
    String opening =
        "Once upon a time there was a %s %s named %s. %s lived %s and liked to eat %s."
            .formatted(
                any(TRAITS, random), animal.name(), name, name, animal.home(), animal.food());
    String middle =
        switch (random.nextInt(3)) {
          case 0 ->
              "%s %s found %s %s. \"Whose is this?\" asked %s. %s the %s came and said, \"It is mine. Thank you for keeping it.\" "
                      .formatted(
                          any(TIMES, random),
                          name,
                          find,
                          any(PLACES, random),
                          name,
                          friend,
                          other.name())
                  + "So %s gave it back, and they shared some %s.".formatted(name, other.food());
          case 1 ->
              "%s %s was afraid of %s. %s the %s sat down beside %s and said, \"I will stay with you.\" "
                      .formatted(
                          any(TIMES, random), name, any(FEARS, random), friend, other.name(), name)
                  + "Soon %s was not afraid any more.".formatted(name);
          default ->
              "%s %s lost %s %s. %s looked and looked. Then %s the %s came along and helped. "
                      .formatted(
                          any(TIMES, random),
                          name,
                          find,
                          any(PLACES, random),
                          name,
                          friend,
                          other.name())
                  + "Together they found it before the sun went down.";
        };
    String end =
        "From that day on %s and %s were friends. %s had learned that %s."
            .formatted(name, friend, name, any(LESSONS, random));
    return opening + " " + middle + " " + end;
  }

  static <T> T any(List<T> choices, RandomGenerator random) {
    return choices.get(random.nextInt(choices.size()));
  }
}
