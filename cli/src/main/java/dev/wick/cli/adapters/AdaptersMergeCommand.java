package dev.wick.cli.adapters;

import dev.wick.cli.session.AdapterArgument;
import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.session.UsageException;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.model.AdapterUse;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.merge.AdapterCombination;
import dev.wick.lora.merge.AdapterCombination.Weighted;
import dev.wick.lora.merge.CombinationMethod;
import dev.wick.lora.merge.CombinationOptions;
import dev.wick.lora.merge.MergeOptions;
import dev.wick.lora.merge.MergedModel;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick adapters merge}: puts adapters into a model's weights, or makes one of several. */
@Command(
    name = "merge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes a model folder with adapters in its weights; without --model, writes one adapter that"
          + " is made of several."
    })
final class AdaptersMergeCommand implements Callable<Integer> {
  private final Streams streams;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "DIR|HUBID[@REV]",
      description = "The model into which they are merged.")
  private @Nullable String model;

  @Option(
      names = {"-a", "--adapter"},
      required = true,
      paramLabel = "DIR[:WEIGHT]",
      description = "An adapter and how much of it (default: 1); may be repeated.")
  private List<String> adapters = new ArrayList<>();

  @Option(
      names = {"-o", "--out"},
      required = true,
      paramLabel = "DIR",
      description = "Where to write.")
  private Path out = Path.of("");

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      description = {
        "How several adapters become one: ${COMPLETION-CANDIDATES}, as PEFT has them (default:"
            + " their exact sum)."
      })
  private @Nullable CombinationMethod method;

  @Option(
      names = "--density",
      paramLabel = "D",
      description = "Part of the numbers that ties, dare_* and magnitude_prune keep, 0 to 1.")
  private double density = CombinationOptions.DEFAULT.density();

  @Option(
      names = "--rank",
      paramLabel = "R",
      description = "Rank of the result of svd (default: the largest among the adapters).")
  private int rank;

  @Option(names = "--seed", paramLabel = "SEED", description = "Seed of dare_* (default: 0).")
  private long seed;

  @Option(
      names = "--f32",
      description = "Write all floats as F32 instead of the model's types; with --model.")
  private boolean widen;

  AdaptersMergeCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if (model != null) {
      try (Checkpoint checkpoint = Checkpoint.open(ModelFolder.resolve(model, streams))) {
        mergeInto(checkpoint);
      }
    } else {
      if (widen) {
        throw new UsageException("--f32: used with --model only; add it");
      }
      List<Weighted> sources = new ArrayList<>();
      try {
        for (String adapter : adapters) {
          AdapterArgument argument = AdapterArgument.parse(adapter);
          sources.add(
              new Weighted(
                  PeftAdapter.open(argument.name(), argument.folder()), argument.weight()));
        }
        combined(sources, method == null ? CombinationMethod.CAT : method).save(out);
      } finally {
        sources.forEach(source -> source.adapter().close());
      }
    }
    streams.err().println("wrote " + out);
    return ExitCode.OK;
  }

  private void mergeInto(Checkpoint checkpoint) throws IOException {
    BaseWeights base = new BaseWeights(checkpoint.location(), checkpoint.weights());
    List<Weighted> sources = new ArrayList<>();
    try {
      for (String adapter : adapters) {
        AdapterArgument argument = AdapterArgument.parse(adapter);
        sources.add(
            new Weighted(
                PeftAdapter.open(argument.name(), argument.folder(), base), argument.weight()));
      }
      List<AdapterUse> uses = new ArrayList<>();
      if (method == null) {
        sources.forEach(source -> uses.add(new AdapterUse(source.adapter(), source.weight())));
      } else {
        uses.add(new AdapterUse(combined(sources, method), 1));
      }
      MergedModel.write(checkpoint, uses, out, widen ? MergeOptions.WIDENED : MergeOptions.DEFAULT);
    } finally {
      sources.forEach(source -> source.adapter().close());
    }
  }

  private PeftAdapter combined(List<Weighted> sources, CombinationMethod how) {
    CombinationOptions options =
        CombinationOptions.DEFAULT.withDensity(density).withSvdRank(rank).withSeed(seed);
    return AdapterCombination.combine("merged", sources, how, options);
  }
}
