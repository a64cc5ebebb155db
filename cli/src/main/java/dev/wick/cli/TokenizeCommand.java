package dev.wick.cli;

import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Streams;
import dev.wick.tokenizers.Encoding;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick tokenize}: shows the tokens of a text, or the text of tokens. */
@Command(
    name = "tokenize",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Shows the tokens of a text, or the text of tokens.")
final class TokenizeCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "DIR|FILE.gguf|HUBID[@REV][:FILE.gguf]",
      description = "A folder with tokenizer.json, or a hub id.")
  private String model = "";

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "The text (default: standard input).")
  private @Nullable String text;

  @Option(names = "--ids", description = "Print the ids alone, separated by commas.")
  private boolean idsOnly;

  @Option(
      names = "--decode",
      split = ",",
      paramLabel = "ID",
      description = "Print the text of these ids.")
  private int @Nullable [] decode;

  @Option(
      names = "--skip-special-tokens",
      description = "Leave special tokens out of the text; with --decode.")
  private boolean skipSpecialTokens;

  @Option(
      names = "--offsets",
      description = "Print which code points of the text each token stands for.")
  private boolean offsets;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  TokenizeCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if (decode != null && (text != null || offsets || idsOnly)) {
      throw new UsageException("--decode: expected no --text, --ids or --offsets beside it");
    }
    if (skipSpecialTokens && decode == null) {
      throw new UsageException("--skip-special-tokens: used with --decode only");
    }
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.load(ModelFolder.resolveTokenizer(model, streams))) {
      if (decode != null) {
        decode(tokenizer, decode);
      } else {
        encode(tokenizer, text != null ? text : streams.readText("-"));
      }
      return ExitCode.OK;
    }
  }

  private void decode(HuggingFaceTokenizer tokenizer, int[] ids) throws IOException {
    for (int id : ids) {
      if (tokenizer.token(id).isEmpty()) {
        throw new UsageException(
            "--decode: expected ids of the vocabulary of %d, got %d"
                .formatted(tokenizer.vocabSize(), id));
      }
    }
    String decoded = tokenizer.decode(ids, skipSpecialTokens);
    if (json) {
      Json.line(streams.out(), Map.of("text", decoded));
    } else {
      streams.out().println(decoded);
    }
  }

  private void encode(HuggingFaceTokenizer tokenizer, String input) throws IOException {
    Encoding encoding = tokenizer.encodeWithOffsets(input);
    PrintWriter out = streams.out();
    if (json) {
      printJson(tokenizer, encoding);
    } else if (idsOnly) {
      out.println(
          Arrays.stream(encoding.ids())
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(",")));
    } else {
      for (int i = 0; i < encoding.size(); i++) {
        String place = offsets ? "%6d %6d  ".formatted(encoding.start(i), encoding.end(i)) : "";
        out.printf("%7d  %s%s%n", encoding.id(i), place, token(tokenizer, encoding.id(i)));
      }
    }
  }

  private void printJson(HuggingFaceTokenizer tokenizer, Encoding encoding) throws IOException {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("ids", Arrays.stream(encoding.ids()).boxed().toList());
    if (!idsOnly) {
      result.put(
          "tokens", Arrays.stream(encoding.ids()).mapToObj(id -> token(tokenizer, id)).toList());
    }
    if (offsets) {
      List<Object> ranges = new ArrayList<>();
      for (int i = 0; i < encoding.size(); i++) {
        ranges.add(List.of(encoding.start(i), encoding.end(i)));
      }
      result.put("offsets", ranges);
    }
    Json.line(streams.out(), result);
  }

  private static String token(HuggingFaceTokenizer tokenizer, int id) {
    return tokenizer.token(id).orElse("");
  }
}
