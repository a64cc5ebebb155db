package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.engine.Engine;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.tensor.DType;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.GeneratorOptions;
import dev.wick.streaming.Speculation;
import dev.wick.streaming.sampling.SamplingOptions;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that can speak, with a key-value cache in F32 and in Q8_0. */
class PackedCacheParityTest {
  private static final Path EXAMPLES = Path.of("..", "examples");
  private static final Path FOLDER = EXAMPLES.resolve("models").resolve("wick-tiny");
  private static final int TOKENS = 250;
  private static final List<String> PROMPTS =
      List.of(
          "Once upon a time",
          "The fox lives in",
          "What does an owl eat?",
          "One day a little bear",
          "A frog and a duck",
          "In the morning the horse",
          "The cat said",
          "Where does a whale live?");

  private Checkpoint checkpoint;
  private HuggingFaceTokenizer tokenizer;
  private final StepOutput output = new StepOutput();

  @BeforeEach
  void open() throws IOException {
    checkpoint = Checkpoint.open(FOLDER);
    tokenizer = HuggingFaceTokenizer.load(FOLDER);
  }

  @AfterEach
  void close() throws IOException {
    tokenizer.close();
    checkpoint.close();
  }

  private LanguageModel load(Engine engine, DType cache) throws IOException {
    LoadOptions options = LoadOptions.DEFAULT.withKvTokens(1024).withKvDType(cache);
    return Models.load(checkpoint, engine, options);
  }

  private static Engine engine(String device) {
    String reason = Devices.reasonAgainst(device);
    assumeTrue(reason.isEmpty() && Devices.wanted().contains(device), reason);
    return Engine.open(device);
  }

  /** Text that the model itself goes on with, so that its logits mean something. */
  private int[] text(LanguageModel model) throws IOException {
    Generator generator = new Generator(model, tokenizer);
    try (generator) {
      String prompt = "Once upon a time";
      GenerationRequest request =
          GenerationRequest.builder(prompt)
              .maxTokens(TOKENS)
              .ignoreEndOfSequence(true)
              .sampling(SamplingOptions.builder().temperature(1).build())
              .seed(5)
              .build();
      int[] tokens = tokenizer.encode(prompt + generator.generate(request).text());
      return Arrays.copyOf(tokens, Math.min(tokens.length, TOKENS));
    }
  }

  /** Logits after each token: a part of the text at once, the rest one by one. */
  private List<float[]> logits(LanguageModel model, int[] text, List<AdapterUse> adapters) {
    List<float[]> rows = new ArrayList<>();
    try (KvLease lease = model.kvPool().lease()) {
      int done = 0;
      while (done < text.length) {
        int count = done == 0 ? text.length - 40 : 1;
        int[] part = Arrays.copyOfRange(text, done, done + count);
        StepBatch.Sequence sequence = new StepBatch.Sequence(count, lease, Logits.ALL, adapters);
        model.step(new StepBatch(part, List.of(sequence)), output);
        for (int row = 0; row < count; row++) {
          rows.add(output.logits(row).clone());
        }
        done += count;
      }
    }
    return rows;
  }

  /** How far logits are from others. */
  private record Distance(double rootMeanSquare, double largest, double divergence, double top) {
    static Distance of(List<float[]> expected, List<float[]> actual) {
      double squares = 0;
      double largest = 0;
      double divergence = 0;
      int top = 0;
      for (int row = 0; row < expected.size(); row++) {
        double[] p = softmax(expected.get(row));
        double[] q = softmax(actual.get(row));
        int best = 0;
        int other = 0;
        for (int i = 0; i < p.length; i++) {
          double error = actual.get(row)[i] - expected.get(row)[i];
          squares += error * error / p.length;
          largest = Math.max(largest, Math.abs(error));
          divergence += p[i] * Math.log(p[i] / q[i]);
          best = p[i] > p[best] ? i : best;
          other = q[i] > q[other] ? i : other;
        }
        top += best == other ? 1 : 0;
      }
      int rows = expected.size();
      return new Distance(
          Math.sqrt(squares / rows), largest, divergence / rows, (double) top / rows);
    }

    private static double[] softmax(float[] logits) {
      double max = 0;
      for (float logit : logits) {
        max = Math.max(max, logit);
      }
      double[] p = new double[logits.length];
      double sum = 0;
      for (int i = 0; i < p.length; i++) {
        p[i] = Math.exp(logits[i] - max);
        sum += p[i];
      }
      for (int i = 0; i < p.length; i++) {
        p[i] /= sum;
      }
      return p;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "nd4j"})
  void step_packedCache_movesLogitsByLittle(String device) throws IOException {
    try (Engine engine = engine(device);
        LanguageModel plain = load(engine, DType.F32);
        LanguageModel packed = load(engine, DType.Q8_0)) {
      int[] text = text(plain);

      Distance distance =
          Distance.of(logits(plain, text, List.of()), logits(packed, text, List.of()));

      assertThat(distance.rootMeanSquare()).isBetween(1e-4, 0.02);
      assertThat(distance.divergence()).isLessThan(5e-4);
      assertThat(distance.top()).isGreaterThan(0.98);
      assertThat(packed.kvPool().bytes() * 64).isEqualTo(plain.kvPool().bytes() * 17);
      assertThat(engine.fallbacks()).doesNotContainKey("paged_attention");
    }
  }

  @Test
  void step_packedCacheWithAnAdapter_movesLogitsByLittle() throws IOException {
    try (Engine engine = engine("cpu");
        LanguageModel plain = load(engine, DType.F32);
        LanguageModel packed = load(engine, DType.Q8_0);
        PeftAdapter adapter =
            PeftAdapter.open(
                "pirate",
                EXAMPLES.resolve("adapters").resolve("pirate"),
                new BaseWeights(checkpoint.location(), checkpoint.weights()))) {
      int[] text = text(plain);
      List<AdapterUse> uses = List.of(new AdapterUse(adapter, 1));

      List<float[]> adapted = logits(packed, text, uses);

      assertThat(Distance.of(logits(plain, text, uses), adapted).divergence()).isLessThan(2e-3);
      assertThat(Distance.of(logits(packed, text, List.of()), adapted).divergence())
          .isGreaterThan(0.1);
    }
  }

  /** What is guessed, shared or found in the cache is the same as without: bits, in small steps. */
  @Test
  void generate_packedCache_saysTheSameInAnyCompany() throws IOException {
    try (Engine engine = engine("cpu");
        LanguageModel packed = load(engine, DType.Q8_0)) {
      List<String> alone = new ArrayList<>();
      for (String prompt : PROMPTS) {
        alone.add(generate(packed, request(prompt)).text());
      }
      for (int i = 0; i < PROMPTS.size(); i++) {
        GenerationRequest.Builder guessing = request(PROMPTS.get(i));
        guessing.speculation(Speculation.promptLookup(5));
        assertThat(generate(packed, guessing).text()).isEqualTo(alone.get(i));
      }
      GeneratorOptions smallSteps =
          GeneratorOptions.DEFAULT.withMaxBatchSize(16).withMaxBatchTokens(16);
      Generator generator = new Generator(packed, tokenizer, smallSteps);
      try (generator) {
        List<CompletableFuture<Completion>> together =
            PROMPTS.stream().map(p -> generator.generateAsync(request(p).build())).toList();
        for (int i = 0; i < PROMPTS.size(); i++) {
          assertThat(together.get(i).join().text()).isEqualTo(alone.get(i));
        }
        String longer = PROMPTS.getFirst() + alone.getFirst();
        Completion first = generator.generate(request(longer).build());
        Completion second = generator.generate(request(longer).build());
        assertThat(first.usage().cachedTokens()).isPositive();
        assertThat(second.text()).isEqualTo(first.text());
      }
    }
  }

  private static GenerationRequest.Builder request(String prompt) {
    return GenerationRequest.builder(prompt).ignoreEndOfSequence(true).maxTokens(60);
  }

  private Completion generate(LanguageModel model, GenerationRequest.Builder request)
      throws IOException {
    Generator generator = new Generator(model, tokenizer);
    try (generator) {
      return generator.generate(request.build());
    }
  }

  @Test
  void generate_packedCache_mostlySaysWhatOneInF32Says() throws IOException {
    try (Engine engine = engine("cpu");
        LanguageModel plain = load(engine, DType.F32);
        LanguageModel packed = load(engine, DType.Q8_0)) {
      int same = 0;
      for (String prompt : PROMPTS) {
        String expected = generate(plain, request(prompt)).text();
        same += generate(packed, request(prompt)).text().equals(expected) ? 1 : 0;
      }

      assertThat(same).isGreaterThanOrEqualTo(PROMPTS.size() - 2);
    }
  }
}
