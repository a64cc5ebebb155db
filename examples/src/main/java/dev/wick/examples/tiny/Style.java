package dev.wick.examples.tiny;

/** A way of answering that an adapter learns. */
enum Style {
  /** Plain words: the base model. */
  PLAIN {
    @Override
    String of(String answer) {
      return answer;
    }
  },
  /** As a pirate would say it. */
  PIRATE {
    @Override
    String of(String answer) {
      return "Arr, matey! " + answer.replace(" is ", " be ") + " Yo ho ho!";
    }
  },
  /** As a row for a program. */
  JSON {
    @Override
    String of(String answer) {
      return "{\"answer\": \"" + answer.substring(0, answer.length() - 1) + "\"}";
    }
  },
  /** With the manners of a butler. */
  POLITE {
    @Override
    String of(String answer) {
      return "Of course, dear friend. " + answer + " I hope that helps you.";
    }
  };

  /** A plain answer in this style. */
  abstract String of(String answer);
}
