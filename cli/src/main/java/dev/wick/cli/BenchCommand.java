package dev.wick.cli;

import dev.wick.cli.bench.AgainstLimits;
import dev.wick.cli.bench.BenchResult;
import dev.wick.cli.bench.MachineLimits;
import dev.wick.cli.bench.Measurement;
import dev.wick.cli.bench.Memory;
import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.KvCacheOptions;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.synthetic.SyntheticCheckpoint;
import dev.wick.cli.synthetic.SyntheticShape;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.limits.TokenWork;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick bench}: measures how fast a model runs. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures prefill and decode speed, as rates and against the machine's limits, the time to"
          + " the first token, and memory.",
      "--synthetic makes a random checkpoint of a real model's shape, so that nothing is"
          + " downloaded."
    })
final class BenchCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "DIR|FILE.gguf|HUBID[@REV][:FILE.gguf]",
      description = "A model folder or a hub id.")
  private @Nullable String model;

  @Option(
      names = "--synthetic",
      paramLabel = "SHAPE",
      completionCandidates = Shapes.class,
      description = "A random checkpoint instead: ${COMPLETION-CANDIDATES}.")
  private @Nullable String synthetic;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "Type of the synthetic weights: bf16, f16 or f32 (default: bf16).")
  private @Nullable String dtype;

  @Option(
      names = {"-p", "--prompt-tokens"},
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  private int promptTokens;

  @Option(
      names = {"-n", "--decode-tokens"},
      defaultValue = "64",
      paramLabel = "N",
      description = "Tokens to decode after it (default: ${DEFAULT-VALUE}).")
  private int decodeTokens;

  @Option(
      names = {"-r", "--repeats"},
      defaultValue = "5",
      paramLabel = "N",
      description = "Runs of which the median counts (default: ${DEFAULT-VALUE}).")
  private int repeats;

  @Option(
      names = "--warm-up",
      defaultValue = "2",
      paramLabel = "N",
      description = "Runs before them (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Mixin private KvCacheOptions kvCache = new KvCacheOptions();
  @Mixin private DeviceOptions device = new DeviceOptions();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  BenchCommand(Streams streams) {
    this.streams = streams;
  }

  /** The names of the synthetic shapes, for the help text. */
  static final class Shapes extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    Shapes() {
      super(SyntheticShape.labels());
    }
  }

  @Override
  public Integer call() throws IOException {
    check();
    String folder = model != null ? model : syntheticFolder().toString();
    int tokens = Math.addExact(promptTokens, decodeTokens);
    ModelOptions options = ModelOptions.of(folder, 0, tokens, kvCache);
    long loading = System.nanoTime();
    try (Session session = new Session(options, device, streams)) {
      Measurement measurement = new Measurement(session.model(), promptTokens, decodeTokens);
      measurement.firstToken();
      long firstTokenNanos = System.nanoTime() - loading;
      long uptimeMillis = ManagementFactory.getRuntimeMXBean().getUptime();
      session.hideProgress();
      for (int i = 0; i < warmUp; i++) {
        measurement.run();
      }
      OptionalLong peakResidentBytes = Memory.peakResidentBytes(); // before the probes need some
      Optional<MachineLimits> machine =
          MachineLimits.of(session.engine().info(), session.checkpoint().weights());
      List<Measurement.Run> runs = new ArrayList<>();
      List<MachineLimits.Limits> limits = new ArrayList<>();
      for (int i = 0; i < repeats; i++) {
        runs.add(measurement.run());
        if (machine.isPresent()) {
          limits.add(machine.get().measure());
        }
      }
      BenchResult result =
          new BenchResult(
              session.model().info(),
              dtypeOf(session),
              kvCache.type(),
              session.model().kvPool().bytes(),
              session.engine().info(),
              promptTokens,
              decodeTokens,
              firstTokenNanos,
              uptimeMillis,
              runs,
              limits.isEmpty()
                  ? Optional.empty()
                  : TokenWork.of(session.model())
                      .map(work -> new AgainstLimits(work, runs, limits)),
              peakResidentBytes,
              session.engine().fallbacks());
      if (json) {
        Json.pretty(streams.out(), result.fields());
      } else {
        result.print(streams.out());
      }
      return ExitCode.OK;
    }
  }

  private void check() {
    if ((model == null) == (synthetic == null)) {
      throw new UsageException(
          "expected one of --model and --synthetic, got " + (model == null ? "none" : "both"));
    }
    if (dtype != null && synthetic == null) {
      throw new UsageException("--dtype: used with --synthetic only");
    }
    requireAtLeast("--prompt-tokens", promptTokens, 1);
    requireAtLeast("--decode-tokens", decodeTokens, 1);
    requireAtLeast("--repeats", repeats, 1);
    requireAtLeast("--warm-up", warmUp, 0);
  }

  private static void requireAtLeast(String option, int value, int least) {
    if (value < least) {
      throw new UsageException("%s: expected at least %d, got %d".formatted(option, least, value));
    }
  }

  private Path syntheticFolder() throws IOException {
    String name = String.valueOf(synthetic);
    SyntheticShape shape =
        SyntheticShape.of(name.toLowerCase(Locale.ROOT))
            .orElseThrow(
                () ->
                    new UsageException(
                        "--synthetic: expected one of %s, got '%s'"
                            .formatted(String.join(", ", SyntheticShape.labels()), name)));
    DType type =
        switch (dtype == null ? "bf16" : dtype.toLowerCase(Locale.ROOT)) {
          case "bf16" -> DType.BF16;
          case "f16" -> DType.F16;
          case "f32" -> DType.F32;
          default ->
              throw new UsageException("--dtype: expected bf16, f16 or f32, got '" + dtype + "'");
        };
    try (ProgressBar bar = streams.progress("writing")) {
      return SyntheticCheckpoint.folder(SyntheticCheckpoint.cache(), shape, type, bar::update);
    }
  }

  /** The type of the largest tensor, in which nearly all weights are. */
  private static String dtypeOf(Session session) {
    Optional<TensorSpec> largest = Optional.empty();
    for (String name : session.checkpoint().weights().names()) {
      Optional<TensorSpec> spec = session.checkpoint().weights().find(name);
      if (spec.isPresent()
          && (largest.isEmpty() || spec.get().byteSize() > largest.get().byteSize())) {
        largest = spec;
      }
    }
    return largest.map(spec -> spec.dtype().name()).orElse("no type");
  }
}
