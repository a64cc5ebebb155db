package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.wick;
import static dev.wick.cli.Invocation.wickWithInput;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerateCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void generate_promptFromAnySource_isTheSame(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("prompt.txt"), "Grüße, 世界\n");

    Invocation option = greedy("--prompt", "Grüße, 世界");
    Invocation fromFile = greedy("--prompt-file", file.toString());
    Invocation fromInput =
        wickWithInput("Grüße, 世界\n", "generate", "-m", MODEL, "--greedy", "-n", "8", "-");

    assertThat(option.code()).as(option.err()).isZero();
    assertThat(option.out()).endsWith(System.lineSeparator()).hasSizeGreaterThan(1);
    assertThat(fromFile.out()).isEqualTo(option.out());
    assertThat(fromInput.out()).isEqualTo(option.out());
  }

  private static Invocation greedy(String... more) {
    List<String> args = new ArrayList<>(List.of("generate", "-m", MODEL, "--greedy", "-n", "8"));
    args.addAll(List.of(more));
    return wick(args.toArray(String[]::new));
  }

  @Test
  void generate_guessing_saysTheSame() {
    String plain = greedy("-p", "abcabcabc").out();

    Invocation lookup = greedy("-p", "abcabcabc", "--prompt-lookup", "4");
    Invocation draft =
        greedy("-p", "abcabcabc", "--draft", MODEL, "--draft-tokens", "3", "--stats");

    assertThat(plain).isNotBlank();
    assertThat(lookup.out()).as(lookup.err()).isEqualTo(plain);
    assertThat(draft.out()).as(draft.err()).isEqualTo(plain);
    assertThat(draft.err()).containsPattern("guesses: \\d+ tokens, \\d+ of them right");
  }

  @Test
  void generate_draftInGguf_hasToHaveTheSameTokens(@TempDir Path folder) {
    String same = folder.resolve("same.gguf").toString();
    wick("quantize", "-m", MODEL, "-t", "q8_0", "-o", same);
    String plain = greedy("-p", "abcabcabc").out();

    Invocation draft = greedy("-p", "abcabcabc", "--draft", same);
    Invocation reverse =
        wick("generate", "-m", same, "--greedy", "-n", "8", "-p", "abc", "--draft", MODEL);
    Invocation other =
        wick("generate", "-m", Invocation.TINY, "-n", "8", "-p", "abc", "--draft", same);

    assertThat(draft.out()).as(draft.err()).isEqualTo(plain);
    assertThat(reverse.code()).as(reverse.err()).isZero();
    assertThat(other.code()).isEqualTo(1);
    assertThat(other.err())
        .contains(same + ": expected the tokenizer of " + Invocation.TINY)
        .contains("choose a draft model of the same family");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--draft x --prompt-lookup 3 | --draft and --prompt-lookup: expected one of them",
        "--draft-tokens 3 | --draft-tokens: used with --draft only",
        "--prompt-lookup 16 | --prompt-lookup: expected 1 to 15, got 16",
        "--draft x --draft-tokens 0 | --draft-tokens: expected 1 to 15, got 0",
      })
  void generate_guessingWithMistakes_isRefused(String options, String message) {
    List<String> args = new ArrayList<>(List.of("-p", "x"));
    args.addAll(List.of(options.split(" ")));

    Invocation invocation = greedy(args.toArray(String[]::new));

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains(message);
  }

  @Test
  void generate_json_hasOneLinePerToken() throws IOException {
    Invocation plain = greedy("-p", "Hello");
    Invocation json = greedy("-p", "Hello", "--json", "--top-logprobs", "3");

    StringBuilder text = new StringBuilder();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : json.lines()) {
      JsonNode token = JSON.readTree(line);
      lines.add(token);
      text.append(token.get("text").asText());
      assertThat(token.get("top")).hasSize(3);
      assertThat(token.get("top").get(0).get("id")).isEqualTo(token.get("id"));
      assertThat(Math.log(token.get("probability").asDouble()))
          .isCloseTo(token.get("logprob").asDouble(), org.assertj.core.api.Assertions.within(1e-6));
    }
    assertThat(lines).hasSize(8);
    assertThat(lines.getLast().get("finish_reason").asText()).isEqualTo("length");
    assertThat(text + System.lineSeparator()).isEqualTo(plain.out());
  }

  @Test
  void generate_sameSeed_repeatsTheText() {
    String[] args = {"generate", "-m", MODEL, "-p", "a", "-n", "16", "-t", "1.5", "--seed", "7"};

    assertThat(wick(args).out()).isEqualTo(wick(args).out());
  }

  @Test
  void generate_logitBias_forbidsToken() throws IOException {
    JsonNode first = JSON.readTree(greedy("-p", "Hello", "--json").lines().getFirst());

    Invocation biased = greedy("-p", "Hello", "--json", "--logit-bias", first.get("id") + "=-inf");

    assertThat(JSON.readTree(biased.lines().getFirst()).get("id")).isNotEqualTo(first.get("id"));
  }

  @Test
  void generate_stopString_endsBeforeIt() throws IOException {
    List<String> texts = new ArrayList<>();
    for (String line : greedy("-p", "Hello world", "--json").lines()) {
      texts.add(JSON.readTree(line).get("text").asText());
    }
    String whole = String.join("", texts);
    String stop = whole.substring(3, 4);

    Invocation stopped = greedy("-p", "Hello world", "--stop", stop, "--stats");

    assertThat(stopped.out())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)) + System.lineSeparator());
    assertThat(stopped.err()).contains("ended by stop_string");
  }

  @Test
  void generate_echoAndStats_showPromptAndCounts() {
    Invocation invocation = greedy("-p", "Hello", "--echo", "--stats");

    assertThat(invocation.out()).startsWith("Hello");
    assertThat(invocation.err())
        .contains("prompt: 5 tokens")
        .contains("answer: 8 tokens")
        .contains("since the JVM started");
  }

  @Test
  void generate_chat_appliesTheTemplate() {
    Invocation invocation = greedy("-p", "Hello", "--chat", "--system", "Be brief", "--echo");

    assertThat(invocation.out()).contains("<|im_start|>system").contains("Be brief");
    assertThat(invocation.out()).contains("<|im_start|>user").contains("<|im_start|>assistant");
  }

  @Test
  void generate_chatWithoutTemplate_namesFolderAndRemedy(@TempDir Path folder) throws IOException {
    Path model = Invocation.copyOfModel(folder);
    Files.delete(model.resolve("tokenizer_config.json"));

    Invocation invocation = wick("generate", "-m", model.toString(), "-p", "x", "--chat");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err())
        .contains("chat template: there is none in " + model)
        .contains("take a chat (instruct) model");
  }

  @Test
  void generate_promptBeyondContext_saysHowLong() {
    Invocation invocation = greedy("-p", "Hello world ".repeat(20), "--context", "64");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err())
        .contains("expected fewer tokens than the context length of 64, got ")
        .contains("shorten the prompt")
        .doesNotContain("\tat ");
  }

  @Test
  void generate_contextBeyondTheModels_isAUsageError() {
    Invocation invocation = greedy("-p", "Hello", "--context", "100000");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("--context: expected at most 512").contains("got 100000");
  }

  @Test
  void generate_unknownDevice_listsDevices() {
    Invocation invocation = greedy("-p", "Hello", "--device", "tpu");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("no device matches 'tpu'").contains("cpu: offers");
  }

  @Test
  void generate_missingFolder_saysSo() {
    Invocation invocation = wick("generate", "-m", "./no/such/folder", "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("'./no/such/folder'").contains("no such folder");
  }

  @Test
  void generate_modelNotCachedOffline_namesTheRemedy() {
    Invocation invocation = wick("generate", "-m", "acme/tiny", "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("acme/tiny@main").contains("Unset HF_HUB_OFFLINE");
  }

  @Test
  void generate_damagedWeights_namesTheFile(@TempDir Path folder) throws IOException {
    Path model = Invocation.copyOfModel(folder);
    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, java.util.Arrays.copyOf(bytes, bytes.length - 100));

    Invocation invocation = wick("generate", "-m", model.toString(), "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(weights.toString()).doesNotContain("\tat ");
  }

  @Test
  void generate_verbose_addsTheStackTrace() {
    Invocation invocation = wick("generate", "-m", "./nowhere", "-p", "x", "--verbose");

    assertThat(invocation.err()).contains("no such folder").contains("\tat ");
  }

  @Test
  void generate_withoutTokenizer_saysWhatIsMissing(@TempDir Path folder) throws IOException {
    Path model = Invocation.copyOfModel(folder);
    Files.delete(model.resolve("tokenizer.json"));

    Invocation invocation = wick("generate", "-m", model.toString(), "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected a folder with tokenizer.json").contains("got ");
  }

  @Test
  void generate_badGenerationConfig_namesTheFolder(@TempDir Path folder) throws IOException {
    Path model = Invocation.copyOfModel(folder);
    Files.writeString(
        model.resolve("generation_config.json"), "{\"do_sample\": true, \"top_p\": 3}");

    Invocation invocation = wick("generate", "-m", model.toString(), "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(model.toString()).contains("top_p").contains("got 3.0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--temperature -1 | --temperature: expected a finite number of at least 0, got -1.0",
        "--top-p 1.5      | --top-p: expected",
        "--min-p -1       | --min-p: expected",
        "--top-k -3       | --top-k: expected at least 0",
        "--typical-p 0    | --typical-p: expected",
        "--max-tokens 0   | --max-tokens: expected at least 1, got 0",
        "--logit-bias x   | expected a token id and a number, such as 42=-1.5",
        "--seed abc       | 'abc' is not a long",
        "--top-logprobs 2 | --top-logprobs: shown with --json only",
        "--thinking on    | used with --chat only",
        "--context -1     | --context: expected a number of tokens",
        "--greedy --top-k 5 | --greedy: expected no option of sampling",
        "--no-such-option | Unknown option",
        "-p y             | should be specified only once",
        "-f y             | expected one of --prompt TEXT, --prompt-file FILE and -",
      })
  void generate_badOption_isAUsageErrorThatNamesIt(String option, String message) {
    List<String> args = new ArrayList<>(List.of("generate", "-m", MODEL, "-p", "x"));
    args.addAll(List.of(option.split(" ")));

    Invocation invocation = wick(args.toArray(String[]::new));

    assertThat(invocation.err()).startsWith("wick generate: ").contains(message);
    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.out()).isEmpty();
  }

  @Test
  void generate_inputNotUtf8_saysSo(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("latin1.txt"), new byte[] {'a', (byte) 0xe4});

    Invocation invocation = greedy("-f", file.toString());

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(file + ": expected UTF-8 text");
  }

  @Test
  void generate_missingPromptFile_namesIt() {
    Invocation invocation = greedy("-f", "no-such-prompt.txt");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("no-such-prompt.txt: no such file or folder");
  }
}
