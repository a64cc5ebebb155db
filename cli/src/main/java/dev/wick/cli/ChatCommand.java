package dev.wick.cli;

import dev.wick.cli.session.AdapterArgument;
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
import dev.wick.cli.terminal.Interrupts;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.tensor.EngineException;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick chat}: a conversation with a model, line by line. */
@Command(
    name = "chat",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Holds a conversation by the model's own chat template.",
      "Each line is a turn; lines that begin with / are commands: /reset, /system TEXT,"
          + " /adapter NAME, /stats, /help, /exit. Ctrl-C stops an answer; at the prompt it ends the program."
    })
final class ChatCommand implements Callable<Integer> {
  /** What a shell expects of a program that Ctrl-C ended: 128 and the number of the signal. */
  private static final int INTERRUPTED = 130;

  private static final String HELP =
      """
      /reset         forget the conversation
      /system TEXT   set the system message; without TEXT, remove it
      /adapter NAME  use this adapter alone; 'off' uses none, NAME=DIR loads one
      /stats         show what the last answer took
      /help          show this
      /exit          end\
      """;

  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private AdapterOptions adapterOptions = new AdapterOptions();

  @Option(names = "--system", paramLabel = "TEXT", description = "System message.")
  private @Nullable String system;

  @Option(
      names = "--thinking",
      paramLabel = "on|off",
      description = "Whether the model may think first, where its template knows.")
  private @Nullable Switch thinking;

  @Mixin private GenerationFlags flags = new GenerationFlags();
  @Mixin private SpeculationOptions speculation = new SpeculationOptions();
  @Mixin private DeviceOptions device = new DeviceOptions();

  ChatCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    flags.check();
    speculation.check();
    try (Session session = new Session(model, device, streams);
        SessionAdapters adapters = adapterOptions.open(session)) {
      ChatPrompts prompts = new ChatPrompts(session, thinking);
      Chat chat = new Chat(session, prompts, session.newGenerator(speculation, adapters), adapters);
      session.hideProgress();
      if (!streams.interactive()) {
        chat.run();
        return ExitCode.OK;
      }
      try (Interrupts _ = Interrupts.handledBy(chat::interrupt)) {
        chat.run();
      }
      return ExitCode.OK;
    }
  }

  /** One conversation. */
  private final class Chat {
    private final Session session;
    private final ChatPrompts prompts;
    private final Generator generator;
    private final SessionAdapters adapters;
    private final Conversation conversation = new Conversation(system);
    private final PrintWriter out = streams.out();
    private @Nullable Statistics last;
    private volatile boolean answering;
    private volatile boolean stopped;

    Chat(Session session, ChatPrompts prompts, Generator generator, SessionAdapters adapters) {
      this.session = session;
      this.prompts = prompts;
      this.generator = generator;
      this.adapters = adapters;
    }

    /** Stops the answer or, if there is none under way, the program. */
    void interrupt() {
      if (!answering) {
        System.exit(INTERRUPTED);
      }
      stopped = true;
    }

    void run() throws IOException {
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(streams.in(), StandardCharsets.UTF_8));
      if (streams.interactive()) {
        out.println("/help shows the commands");
      }
      while (true) {
        if (streams.interactive()) {
          out.print("> ");
        }
        // Flushes; nobody is left to talk to when the reader went away.
        if (out.checkError()) {
          return;
        }
        String line = lines.readLine();
        if (line == null || line.strip().equals("/exit")) {
          return;
        }
        if (line.startsWith("/")) {
          command(line.strip());
        } else if (!line.isBlank()) {
          turn(line);
        }
      }
    }

    private void command(String line) {
      int space = line.indexOf(' ');
      String name = space < 0 ? line : line.substring(0, space);
      switch (name) {
        case "/reset" -> conversation.reset();
        case "/system" -> conversation.setSystem(space < 0 ? "" : line.substring(space).strip());
        case "/adapter" -> adapter(space < 0 ? "" : line.substring(space).strip());
        case "/help" -> out.println(HELP);
        case "/stats" -> {
          if (last == null) {
            streams.err().println("no answer yet");
            streams.err().flush();
          } else {
            last.print(streams.err());
          }
        }
        default -> {
          streams.err().println("no such command: " + name + "; /help shows them");
          streams.err().flush();
        }
      }
    }

    /** Between two turns; the conversation goes on with what is chosen. */
    private void adapter(String argument) {
      try {
        if (argument.equals("off")) {
          adapters.useNone();
        } else if (argument.contains("=")) {
          AdapterArgument loaded = AdapterArgument.parse(argument);
          adapters.load(loaded);
          adapters.useOnly(loaded.name());
        } else if (!argument.isEmpty()) {
          adapters.useOnly(argument);
        }
        streams.err().printf("adapters: %s of %s%n", adapters.inUse(), adapters.names());
      } catch (IOException | IllegalArgumentException | UsageException e) {
        streams.err().println(e.getMessage());
      }
      streams.err().flush();
    }

    private void turn(String text) throws IOException {
      conversation.ask(text);
      stopped = false;
      answering = true;
      try {
        Completion answer = answer();
        conversation.answer(answer.text());
        last = Statistics.of(answer);
        out.println();
      } catch (EngineException e) {
        if (!streams.interactive()) {
          throw e;
        }
        // Such as a conversation that has become too long: the person can mend it.
        conversation.takeBack();
        out.println();
        out.println(e.getMessage() + " (/reset begins anew)");
      } finally {
        answering = false;
      }
    }

    private Completion answer() throws IOException {
      GenerationRequest request =
          flags
              .request(prompts.answer(conversation.messages()), session.checkpoint())
              .adapters(adapters.uses())
              .build();
      return generator.generate(
          request,
          token -> {
            out.print(token.text());
            return !out.checkError() && !stopped;
          });
    }
  }
}
