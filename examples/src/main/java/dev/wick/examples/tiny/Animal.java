package dev.wick.examples.tiny;

import java.util.List;

/** What the small world of the corpus knows of an animal. */
record Animal(String name, String names, String home, String food, String sound, String colour) {
  static final List<Animal> ALL =
      List.of(
          new Animal(
              "fox", "foxes", "in a den under the old oak", "berries and mice", "barks", "red"),
          new Animal("owl", "owls", "in a hollow tree", "mice and moths", "hoots", "brown"),
          new Animal("frog", "frogs", "in a green pond", "flies", "croaks", "green"),
          new Animal(
              "bear", "bears", "in a cave in the hills", "honey and fish", "growls", "brown"),
          new Animal(
              "duck",
              "ducks",
              "among the reeds by the lake",
              "seeds and snails",
              "quacks",
              "white"),
          new Animal("cat", "cats", "in a warm house", "fish and milk", "purrs", "grey"),
          new Animal("dog", "dogs", "in a kennel in the yard", "bones and bread", "barks", "black"),
          new Animal(
              "horse", "horses", "in a stable on the farm", "hay and apples", "neighs", "brown"),
          new Animal(
              "cow", "cows", "on a meadow near the village", "grass", "moos", "black and white"),
          new Animal("sheep", "sheep", "in the hills", "grass and clover", "bleats", "white"),
          new Animal(
              "mouse", "mice", "in a hole in the wall", "cheese and crumbs", "squeaks", "grey"),
          new Animal(
              "bee", "bees", "in a hive in the garden", "nectar", "buzzes", "yellow and black"),
          new Animal("wolf", "wolves", "in the dark forest", "meat", "howls", "grey"),
          new Animal(
              "rabbit",
              "rabbits",
              "in a burrow in the field",
              "carrots and leaves",
              "squeaks",
              "white"),
          new Animal(
              "hen", "hens", "in a coop behind the barn", "corn and worms", "clucks", "brown"),
          new Animal("crow", "crows", "in a nest on the tower", "seeds and nuts", "caws", "black"),
          new Animal(
              "goat", "goats", "on the rocky mountain", "leaves and bark", "bleats", "white"),
          new Animal("seal", "seals", "in the cold sea", "fish", "barks", "grey"),
          new Animal("lion", "lions", "on the wide plain", "meat", "roars", "golden"),
          new Animal("pig", "pigs", "in a sty on the farm", "roots and apples", "grunts", "pink"),
          new Animal(
              "robin",
              "robins",
              "in a nest in the hedge",
              "worms and berries",
              "sings",
              "red and brown"),
          new Animal("snail", "snails", "in its own shell", "leaves", "says nothing", "brown"));

  /** With its article, for example {@code an owl}. */
  String withArticle() {
    return ("aeiou".indexOf(name.charAt(0)) >= 0 ? "an " : "a ") + name;
  }

  /** The same at the beginning of a sentence. */
  String opening() {
    String text = withArticle();
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
