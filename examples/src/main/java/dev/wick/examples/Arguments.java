package dev.wick.examples;

import dev.wick.hub.Hub;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What every example is told: {@code [--device NAME] [--model FOLDER|HUB-ID] [TEXT...]}.
 *
 * @param device which device, {@code auto} if nothing is said
 * @param model folder or hub id; the tiny checkpoint of the repository if nothing is said
 * @param words the rest
 */
record Arguments(String device, String model, List<String> words) {
  private static final String TINY =
      System.getProperty("wick.examples.model", "examples/models/wick-tiny");

  static Arguments parse(String... args) {
    String device = "auto";
    String model = TINY;
    List<String> words = new ArrayList<>();
    Iterator<String> rest = List.of(args).iterator();
    while (rest.hasNext()) {
      String arg = rest.next();
      switch (arg) {
        case "--device" -> device = value(arg, rest);
        case "--model" -> model = value(arg, rest);
        default -> {
          if (arg.startsWith("--")) {
            throw new IllegalArgumentException(
                "arguments: expected --device NAME, --model FOLDER|HUB-ID or text, got " + arg);
          }
          words.add(arg);
        }
      }
    }
    return new Arguments(device, model, List.copyOf(words));
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(
          "arguments: expected a value after %s, got none".formatted(option));
    }
    return rest.next();
  }

  /** The folder of an adapter of the repository's model. */
  static Path adapter(String name) {
    return Path.of(TINY).resolve("../../adapters").resolve(name).normalize();
  }

  /** A file of training data of the repository. */
  static Path data(String name) {
    return Path.of(TINY).resolve("../../data").resolve(name).normalize();
  }

  /** The words as one text, or another text if there are none. */
  String text(String otherwise) {
    return words.isEmpty() ? otherwise : String.join(" ", words);
  }

  /** The model's folder; a model that is on the hub only is downloaded. */
  Path folder() throws IOException {
    return Hub.fromEnvironment().resolveFolder(model, progress -> {});
  }
}
