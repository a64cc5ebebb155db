package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.Engine;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.LanguageModel;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.streaming.FinishReason;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.StreamToken;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Eight requests at a time stream from one generator while adapters are published, taken back and
 * activated 10,000 times: each gives what its version gives alone.
 */
@Timeout(900)
class AdapterSwapTest {
  private static final int SWAPS = 10_000;
  private static final int STREAMS = 8;
  private static final int ADAPTERS = 5;
  private static final int TOKENS = 8;

  /** So many swaps for each token that is streamed, that both go on until the end. */
  private static final int SWAPS_PER_TOKEN = 10;

  private static final List<String> NAMES = List.of("left", "right");

  private final AdapterRegistry registry = new AdapterRegistry();
  private final Map<String, Integer> contents = new ConcurrentHashMap<>();
  private final Semaphore permits = new Semaphore(0);
  private final AtomicBoolean done = new AtomicBoolean();
  private final AtomicLong requests = new AtomicLong();
  private final List<PeftAdapter> adapters = new ArrayList<>();

  @Test
  void swaps_whileRequestsStream_mixNothingUp() throws Exception {
    GoldenModel golden =
        GoldenModel.all().stream()
            .filter(model -> model.modelType().equals("qwen3") && model.isSupported())
            .findFirst()
            .orElseThrow();
    try (registry;
        Engine engine = Engine.open("cpu");
        GoldenModel.Loaded loaded = golden.load(engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(golden.folder())) {
      LanguageModel model = loaded.model();
      for (int i = 0; i < ADAPTERS; i++) {
        adapters.add(RandomAdapters.of(model, name -> !name.equals("lm_head"), 0.12, i));
      }
      List<List<List<Integer>>> alone = alone(model, tokenizer);
      assertThat(alone.stream().map(List::getFirst).distinct()).hasSize(ADAPTERS);

      try (Generator generator = new Generator(model, tokenizer);
          ExecutorService threads = Executors.newFixedThreadPool(STREAMS + 1)) {
        publish("left", 1, 0);
        publish("right", 1, 1);
        registry.activate("left");
        List<Future<?>> running = new ArrayList<>();
        for (int stream = 0; stream < STREAMS; stream++) {
          int number = stream;
          running.add(threads.submit(() -> stream(generator, number, alone)));
        }
        Future<?> swapper = threads.submit(this::swap);
        try {
          swapper.get();
        } finally {
          done.set(true);
          permits.release(SWAPS); // should a stream have failed
        }
        for (Future<?> stream : running) {
          stream.get();
        }
      }
    }

    assertThat(requests.get()).isGreaterThanOrEqualTo(SWAPS / SWAPS_PER_TOKEN / TOKENS);
    assertThat(registry.byteSize()).isZero();
  }

  /** What each prompt gives with each adapter, one after the other. */
  private List<List<List<Integer>>> alone(LanguageModel model, HuggingFaceTokenizer tokenizer) {
    List<List<List<Integer>>> all = new ArrayList<>();
    for (PeftAdapter adapter : adapters) {
      List<List<Integer>> ofAdapter = new ArrayList<>();
      for (int prompt = 0; prompt < STREAMS; prompt++) {
        try (Generator generator = new Generator(model, tokenizer)) {
          List<AdapterUse> use = List.of(new AdapterUse(adapter, 1));
          ofAdapter.add(generator.stream(request(prompt, use)).map(StreamToken::id).toList());
        }
      }
      all.add(ofAdapter);
    }
    return all;
  }

  private static GenerationRequest request(int prompt, List<AdapterUse> uses) {
    return GenerationRequest.builder(Prompt.of(20 + prompt, 7, 100 + 3 * prompt, 11))
        .maxTokens(TOKENS)
        .ignoreEndOfSequence(true)
        .adapters(uses)
        .build();
  }

  private void publish(String name, long version, int content) {
    contents.put(name + "@" + version, content);
    assertThat(registry.publish(name, adapters.get(content))).isEqualTo(version);
  }

  private void swap() {
    long[] versions = {1, 1};
    for (int i = 0; i < SWAPS; i++) {
      permits.acquireUninterruptibly();
      int side = i / 3 % 2;
      String name = NAMES.get(side);
      switch (i % 3) {
        case 0 -> publish(name, ++versions[side], i % ADAPTERS);
        case 1 -> registry.activate(name);
        default -> {
          if (i % 4 == 0) {
            registry.rollback(name);
          } else {
            publish(name, ++versions[side], (i + 2) % ADAPTERS);
          }
        }
      }
    }
  }

  private void stream(Generator generator, int number, List<List<List<Integer>>> alone) {
    try {
      while (!done.get()) {
        try (AdapterLease lease = registry.acquireActive().orElseThrow()) {
          List<Integer> ids = new ArrayList<>();
          List<FinishReason> ends = new ArrayList<>();
          generator.stream(request(number, List.of(lease.use(1))))
              .forEach(
                  token -> {
                    ids.add(token.id());
                    token.finishReason().ifPresent(ends::add);
                    permits.release(SWAPS_PER_TOKEN);
                  });
          String version = lease.name() + "@" + lease.version();
          assertThat(ends).as(version).containsExactly(FinishReason.LENGTH);
          assertThat(ids)
              .as("prompt %d with %s", number, version)
              .isEqualTo(alone.get(contents.get(version)).get(number));
          requests.incrementAndGet();
        }
      }
    } finally {
      permits.release(SWAPS); // whoever ends lets the swaps end
    }
  }
}
