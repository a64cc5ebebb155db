package dev.wick.examples.tiny;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Makes what wick-tiny is trained from: the corpus, a tokenizer learned from it, a model with
 * random weights, and conversations in each style for adapters. Argument: a folder. {@code
 * docs/wick-tiny.md} has the commands that follow.
 */
public final class PrepareTinyModel {
  private static final int VOCAB_SIZE = 1024;
  private static final int BASE_RECORDS = 40_000;
  private static final int STYLE_RECORDS = 1500;
  private static final long SEED = 1;

  private PrepareTinyModel() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    Corpus.writeBase(folder.resolve("base.jsonl"), BASE_RECORDS, SEED);
    for (Style style : Style.values()) {
      if (style != Style.PLAIN) {
        String name = style.name().toLowerCase(Locale.ROOT) + ".jsonl";
        Corpus.writeStyle(folder.resolve(name), style, STYLE_RECORDS, SEED + style.ordinal());
      }
    }
    ByteLevelBpe tokenizer = ByteLevelBpe.learn(sample(), VOCAB_SIZE);
    SeedModel.write(folder.resolve("seed"), tokenizer, SEED);
    System.out.println("wrote " + folder + ", vocabulary of " + tokenizer.vocabSize());
  }

  /** Texts with all words of the corpus, in every style. */
  private static List<String> sample() {
    SplittableRandom random = new SplittableRandom(SEED);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      Conversations.Turn turn = Conversations.any(random);
      texts.add(turn.question());
      texts.add(turn.answer());
      if (i % 4 == 0) {
        Conversations.Turn fact = Conversations.fact(random);
        for (Style style : Style.values()) {
          texts.add(style.of(fact.answer()));
        }
      }
    }
    texts.add("user\n system\n assistant\n");
    return texts;
  }
}
