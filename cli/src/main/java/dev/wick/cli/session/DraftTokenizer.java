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
   * @param draft folder of the smaller model; without a tokenizer it is taken to have the same
   * @throws IOException if they differ, naming the first id that does, or cannot be read
   */
  static void check(Path draft, Path folder, HuggingFaceTokenizer tokenizer) throws IOException {
    Path file = draft.resolve(FILE);
    if (!Files.exists(file)
        || (Files.exists(folder.resolve(FILE)) && Files.mismatch(file, folder.resolve(FILE)) < 0)) {
      return;
    }
    try (HuggingFaceTokenizer other = HuggingFaceTokenizer.load(file)) {
      for (int id = 0; id < Math.max(tokenizer.vocabSize(), other.vocabSize()); id++) {
        if (!other.token(id).equals(tokenizer.token(id))) {
          throw new IOException(
              "%s: expected the tokenizer of %s, got another token for id %d: '%s' instead of '%s'; choose a draft model of the same family"
                  .formatted(
                      draft,
                      folder,
                      id,
                      other.token(id).orElse(""),
                      tokenizer.token(id).orElse("")));
        }
      }
    }
  }
}
