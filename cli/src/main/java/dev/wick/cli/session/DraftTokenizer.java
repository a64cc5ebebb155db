package dev.wick.cli.session;

import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether two models have the same tokens. */
final class DraftTokenizer {
  private static final String FILE = "tokenizer.json";

  private DraftTokenizer() {}

  /**
   * Compares the vocabularies.
   *
   * @param draft the smaller model; a folder without a tokenizer is taken to have the same
   * @param model the model that it guesses for
   * @throws IOException if they differ, naming the first id that does, or cannot be read
   */
  static void check(Path draft, Path model, HuggingFaceTokenizer tokenizer) throws IOException {
    if (Files.isSameFile(draft, model) || (Files.isDirectory(draft) && isKnown(draft, model))) {
      return;
    }
    try (HuggingFaceTokenizer other = HuggingFaceTokenizer.load(draft)) {
      for (int id = 0; id < Math.max(tokenizer.vocabSize(), other.vocabSize()); id++) {
        if (!other.token(id).equals(tokenizer.token(id))) {
          throw new IOException(
              "%s: expected the tokenizer of %s, got another token for id %d: '%s' instead of '%s'; choose a draft model of the same family"
                  .formatted(
                      draft,
                      model,
                      id,
                      other.token(id).orElse(""),
                      tokenizer.token(id).orElse("")));
        }
      }
    }
  }

  /** Whether there is nothing to compare: no tokenizer, or the very same one. */
  private static boolean isKnown(Path draft, Path model) throws IOException {
    Path file = draft.resolve(FILE);
    Path other = model.resolve(FILE);
    return !Files.exists(file) || (Files.exists(other) && Files.mismatch(file, other) < 0);
  }
}
