package dev.wick.cli.session;

import dev.wick.streaming.GeneratorOptions;
import dev.wick.streaming.Speculation;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether tokens are guessed, so that a step verifies several. */
public final class SpeculationOptions {
  private static final int DEFAULT_DRAFT_TOKENS = 4;

  @Option(
      names = "--draft",
      paramLabel = "DIR|HUBID",
      description =
          "A smaller model with the same tokenizer guesses what comes next; the answer stays the"
              + " same, or is as likely.")
  private @Nullable String draft;

  @Option(
      names = "--draft-tokens",
      paramLabel = "N",
      description =
          "How many tokens the smaller model guesses at a time (default: "
              + DEFAULT_DRAFT_TOKENS
              + ").")
  private @Nullable Integer draftTokens;

  @Option(
      names = "--prompt-lookup",
      paramLabel = "N",
      description =
          "Guess that the text goes on, for N tokens, as it did where its last ones stood before.")
  private @Nullable Integer promptLookup;

  /**
   * Looks for mistakes before a model is loaded for nothing.
   *
   * @throws UsageException if options contradict each other or are out of range
   */
  public void check() {
    if (draft != null && promptLookup != null) {
      throw new UsageException("--draft and --prompt-lookup: expected one of them, got both");
    }
    if (draft == null && draftTokens != null) {
      throw new UsageException("--draft-tokens: used with --draft only; add it");
    }
    checkTokens("--draft-tokens", draftTokens);
    checkTokens("--prompt-lookup", promptLookup);
  }

  private static void checkTokens(String option, @Nullable Integer tokens) {
    if (tokens != null && (tokens < 1 || tokens > Speculation.MAX_TOKENS)) {
      throw new UsageException(
          "%s: expected 1 to %d, got %d".formatted(option, Speculation.MAX_TOKENS, tokens));
    }
  }

  /** Options of a generator on the session's model; loads the smaller model if there is one. */
  GeneratorOptions generatorOptions(Session session) throws IOException {
    Speculation speculation = Speculation.OFF;
    if (draft != null) {
      int tokens = draftTokens == null ? DEFAULT_DRAFT_TOKENS : draftTokens;
      speculation = Speculation.draftModel(session.loadDraft(draft), tokens);
    } else if (promptLookup != null) {
      speculation = Speculation.promptLookup(promptLookup);
    }
    return GeneratorOptions.DEFAULT.withSpeculation(speculation);
  }
}
