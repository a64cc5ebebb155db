package dev.wick.cli.session;

import dev.wick.formats.Checkpoint;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.sampling.SamplingOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * How tokens are picked and when generation stops. What is not given is as {@code
 * generation_config.json} says.
 */
public final class GenerationFlags {
  @Option(
      names = {"-n", "--max-tokens"},
      paramLabel = "N",
      description =
          "Most tokens to generate (default: the model's, else until the context is full).")
  private @Nullable Integer maxTokens;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "A text that ends the answer and is not shown; may be repeated.")
  private List<String> stop = new ArrayList<>();

  @Option(
      names = "--greedy",
      description = "Always pick the most probable token, whatever generation_config.json says.")
  private boolean greedy;

  @Option(
      names = {"-t", "--temperature"},
      paramLabel = "T",
      description = "Divisor of the logits; 0 is greedy.")
  private @Nullable Double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Sample among the K most probable tokens; 0 is off.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Sample among the most probable tokens that hold probability P; 1 is off.")
  private @Nullable Double topP;

  @Option(
      names = "--min-p",
      paramLabel = "P",
      description = "Drop tokens below P times the largest probability; 0 is off.")
  private @Nullable Double minP;

  @Option(
      names = "--typical-p",
      paramLabel = "P",
      description = "Sample among the most typical tokens that hold probability P; 1 is off.")
  private @Nullable Double typicalP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      description = "Penalty on every token of prompt and answer; 1 is off.")
  private @Nullable Double repetitionPenalty;

  @Option(
      names = "--presence-penalty",
      paramLabel = "X",
      description = "Subtracted from the logit of every generated token; 0 is off.")
  private @Nullable Double presencePenalty;

  @Option(
      names = "--frequency-penalty",
      paramLabel = "X",
      description = "Subtracted as often as a token was generated; 0 is off.")
  private @Nullable Double frequencyPenalty;

  @Option(
      names = {"--no-repeat-ngram", "--no-repeat-ngram-size"},
      paramLabel = "N",
      description = "Never repeat N tokens in a row; 0 is off.")
  private @Nullable Integer noRepeatNgram;

  @Option(
      names = "--logit-bias",
      paramLabel = "ID=BIAS",
      converter = BiasConverter.class,
      description = "Added to the logit of a token; -inf forbids it; may be repeated.")
  private List<Bias> logitBias = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Makes sampling repeatable (default: another one every time).")
  private @Nullable Long seed;

  /** A bias of one token. */
  record Bias(int id, float bias) {}

  /** Reads {@code 42=-1.5}. */
  static final class BiasConverter implements ITypeConverter<Bias> {
    @Override
    public Bias convert(String text) {
      try {
        int equals = text.indexOf('=');
        int id = Integer.parseInt(text.substring(0, equals).strip());
        String bias = text.substring(equals + 1).strip();
        return new Bias(id, bias.equals("-inf") ? Float.NEGATIVE_INFINITY : Float.parseFloat(bias));
      } catch (NumberFormatException | IndexOutOfBoundsException e) {
        throw new TypeConversionException(
            "expected a token id and a number, such as 42=-1.5 or 42=-inf, got '" + text + "'");
      }
    }
  }

  /**
   * A request for a prompt.
   *
   * @param checkpoint of the model, whose {@code generation_config.json} says the rest
   * @throws IOException if that file has a value of a wrong type or out of range
   * @throws UsageException if an option is out of range
   */
  public GenerationRequest.Builder request(Prompt prompt, Checkpoint checkpoint)
      throws IOException {
    GenerationRequest.Builder request = GenerationRequest.builder(prompt);
    SamplingOptions model;
    try {
      request.generationConfig(checkpoint.generationConfig());
      model = SamplingOptions.from(checkpoint.generationConfig());
    } catch (IllegalArgumentException e) {
      throw new IOException(checkpoint.path() + ": " + e.getMessage(), e);
    }
    apply(request, model);
    return request;
  }

  /**
   * Looks for mistakes before a model is loaded for nothing.
   *
   * @throws UsageException if an option is out of range
   */
  public void check() {
    apply(GenerationRequest.builder(""), SamplingOptions.greedy());
  }

  private void apply(GenerationRequest.Builder request, SamplingOptions model) {
    try {
      request.sampling(sampling(model));
      if (maxTokens != null) {
        request.maxTokens(maxTokens);
      }
      request.stop(stop.toArray(String[]::new));
      request.build(); // checks
    } catch (IllegalArgumentException e) {
      throw new UsageException(optionNamed(String.valueOf(e.getMessage())), e);
    }
  }

  /** A message about {@code top_k} as one about {@code --top-k}. */
  private static String optionNamed(String message) {
    int colon = message.indexOf(':');
    return colon < 0
        ? message
        : "--" + message.substring(0, colon).replace('_', '-') + message.substring(colon);
  }

  private SamplingOptions sampling(SamplingOptions model) {
    SamplingOptions.Builder options = model.toBuilder();
    boolean truncates = topK != null || topP != null || minP != null || typicalP != null;
    if (greedy) {
      if (temperature != null || truncates) {
        throw new UsageException(
            "--greedy: expected no option of sampling beside it; leave out --temperature, --top-k,"
                + " --top-p, --min-p and --typical-p");
      }
      options.temperature(0);
    } else if (temperature != null) {
      options.temperature(temperature);
    } else if (truncates && model.isGreedy()) {
      // Who asks for a choice among several tokens wants one.
      options.temperature(1);
    }
    if (topK != null) {
      options.topK(topK);
    }
    if (topP != null) {
      options.topP(topP);
    }
    if (minP != null) {
      options.minP(minP);
    }
    if (typicalP != null) {
      options.typicalP(typicalP);
    }
    return penalties(options).build();
  }

  private SamplingOptions.Builder penalties(SamplingOptions.Builder options) {
    if (repetitionPenalty != null) {
      options.repetitionPenalty(repetitionPenalty);
    }
    if (presencePenalty != null) {
      options.presencePenalty(presencePenalty);
    }
    if (frequencyPenalty != null) {
      options.frequencyPenalty(frequencyPenalty);
    }
    if (noRepeatNgram != null) {
      options.noRepeatNgramSize(noRepeatNgram);
    }
    if (!logitBias.isEmpty()) {
      Map<Integer, Float> biases = new LinkedHashMap<>();
      logitBias.forEach(bias -> biases.put(bias.id(), bias.bias()));
      options.logitBias(biases);
    }
    if (seed != null) {
      options.seed(seed);
    }
    return options;
  }
}
