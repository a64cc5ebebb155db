package dev.wick.cli;

import dev.wick.cli.session.AdapterOptions;
import dev.wick.cli.session.ChatPrompts;
import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.GenerationFlags;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.session.SessionAdapters;
import dev.wick.cli.session.SpeculationOptions;
import dev.wick.cli.session.Switch;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Streams;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.StreamToken;
import dev.wick.tokenizers.chat.ChatMessage;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code wick generate}: continues a prompt and prints each token when it is there. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Continues a prompt, token by token.")
final class GenerateCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private AdapterOptions adapterOptions = new AdapterOptions();

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      description = "The prompt.")
  private @Nullable String prompt;

  @Option(
      names = {"-f", "--prompt-file"},
      paramLabel = "FILE",
      description = "A UTF-8 file with the prompt; a newline at its end is not part of it.")
  private @Nullable String promptFile;

  @Parameters(
      arity = "0..1",
      paramLabel = "-",
      description = "A single '-' reads the prompt from standard input.")
  private @Nullable String dash;

  @Option(
      names = "--chat",
      description = "Take the prompt for a user's message and apply the model's chat template.")
  private boolean chat;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "System message that comes first; with --chat.")
  private @Nullable String system;

  @Option(
      names = "--thinking",
      paramLabel = "on|off",
      description = "Whether the model may think first, where its template knows; with --chat.")
  private @Nullable Switch thinking;

  @Option(names = "--echo", description = "Print the prompt before the answer.")
  private boolean echo;

  @Mixin private GenerationFlags flags = new GenerationFlags();
  @Mixin private SpeculationOptions speculation = new SpeculationOptions();
  @Mixin private DeviceOptions device = new DeviceOptions();

  @Option(names = "--json", description = "Print one line of JSON per token.")
  private boolean json;

  @Option(
      names = "--top-logprobs",
      paramLabel = "N",
      description = "The N most probable tokens at each place; with --json.")
  private int topLogprobs;

  @Option(names = "--stats", description = "Print counts and speed on standard error.")
  private boolean stats;

  GenerateCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    check();
    String text = promptText();
    try (Session session = new Session(model, device, streams);
        SessionAdapters adapters = adapterOptions.open(session)) {
      Generator generator = session.newGenerator(speculation, adapters);
      Prompt input = chat ? chatPrompt(session, text) : Prompt.of(text);
      GenerationRequest.Builder request =
          flags.request(input, session.checkpoint()).adapters(adapters.uses());
      if (json) {
        request.topLogprobs(topLogprobs);
      }
      PrintWriter out = streams.out();
      if (echo && !json) {
        session.hideProgress();
        out.print(
            input instanceof Prompt.Tokens tokens
                ? session.tokenizer().decode(tokens.ids(), false)
                : text);
        out.flush();
      }
      Completion completion = generator.generate(request.build(), printer(session));
      if (!json) {
        out.println();
        out.flush();
      }
      if (stats) {
        Statistics.of(completion).print(streams.err());
      }
      return ExitCode.OK;
    }
  }

  private void check() {
    flags.check();
    speculation.check();
    int prompts = (prompt == null ? 0 : 1) + (promptFile == null ? 0 : 1) + (dash == null ? 0 : 1);
    if (prompts != 1) {
      throw new UsageException(
          "expected one of --prompt TEXT, --prompt-file FILE and - (standard input), got "
              + (prompts == 0 ? "none" : "several"));
    }
    if (dash != null && !dash.equals("-")) {
      throw new UsageException(
          "expected '-' for standard input, got '%s'; quote a prompt: --prompt \"...\""
              .formatted(dash));
    }
    if (topLogprobs > 0 && !json) {
      throw new UsageException("--top-logprobs: shown with --json only; add it");
    }
    if (topLogprobs < 0 || topLogprobs > GenerationRequest.MAX_TOP_LOGPROBS) {
      throw new UsageException(
          "--top-logprobs: expected 0 to %d, got %d"
              .formatted(GenerationRequest.MAX_TOP_LOGPROBS, topLogprobs));
    }
    if (!chat && (system != null || thinking != null)) {
      throw new UsageException("--system and --thinking: used with --chat only; add it");
    }
  }

  private String promptText() throws IOException {
    if (prompt != null) {
      return prompt;
    }
    return streams.readText(promptFile == null ? "-" : promptFile);
  }

  private Prompt chatPrompt(Session session, String text) throws IOException {
    List<ChatMessage> messages =
        system == null
            ? List.of(ChatMessage.user(text))
            : List.of(ChatMessage.system(system), ChatMessage.user(text));
    return new ChatPrompts(session, thinking).answer(messages);
  }

  private Predicate<StreamToken> printer(Session session) {
    PrintWriter out = streams.out();
    return token -> {
      session.hideProgress();
      if (json) {
        TokenLine.print(out, token);
      } else if (!token.text().isEmpty()) {
        out.print(token.text());
      }
      // Flushes; a reader that went away ends the generation.
      return !out.checkError();
    };
  }
}
