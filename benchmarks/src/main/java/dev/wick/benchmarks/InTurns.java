package dev.wick.benchmarks;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.Checkpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Measures decoding or training in short turns with another program, so that both see the same
 * machine however it drifts.
 *
 * <p>Arguments: {@code decode}, checkpoint, device, rounds, tokens of a turn, and the command of
 * the other program; or {@code train}, checkpoint, device, rounds, steps of a turn, targets,
 * sequences, tokens of each, share of weights that stays in memory, and the command. The program
 * prints a line when it is ready; for each number that it reads from its standard input it decodes
 * as many tokens, or trains as many steps, and prints the seconds that one of them took.
 */
public final class InTurns {
  private static final int TOKEN = 1000;
  private static final int UNCOUNTED = 2;

  /** Longer than the threads of a program go on spinning after its turn. */
  private static final long PAUSE_MILLIS = 150;

  private InTurns() {}

  /** Work of which a turn does some. */
  private interface Work {
    void run(int count);
  }

  /** Seconds that one token or step took in the two programs. */
  private record Round(double wick, double other) {}

  /** Runs the benchmark and prints the medians and the ratio. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Path.of(args[1]);
    List<String> rest = List.of(args).subList(5, args.length);
    int rounds = Integer.parseInt(args[3]);
    int count = Integer.parseInt(args[4]);
    switch (args[0]) {
      case "decode" -> decode(folder, args[2], rounds, count, rest);
      case "train" -> train(folder, args[2], rounds, count, rest);
      default ->
          throw new IllegalArgumentException("in turns: expected decode or train, got " + args[0]);
    }
  }

  private static void decode(
      Path folder, String device, int rounds, int count, List<String> command)
      throws IOException, InterruptedException {
    try (Engine engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model =
            Models.load(checkpoint, engine, LoadOptions.DEFAULT.withKvTokens(4096))) {
      StepOutput output = new StepOutput();
      Work work =
          n -> {
            try (KvLease lease = model.kvPool().lease()) {
              for (int i = 0; i < n; i++) {
                model.step(StepBatch.of(lease, Logits.LAST, TOKEN + i), output);
              }
            }
          };
      compare(work, rounds, count, command);
    }
  }

  private static void train(Path folder, String device, int rounds, int count, List<String> rest)
      throws IOException, InterruptedException {
    LoraTraining.Shape shape =
        new LoraTraining.Shape(
            rest.get(0),
            Integer.parseInt(rest.get(1)),
            Integer.parseInt(rest.get(2)),
            false,
            Double.parseDouble(rest.get(3)));
    try (LoraTraining training = new LoraTraining(folder, device, shape)) {
      Work work =
          n -> {
            for (int i = 0; i < n; i++) {
              training.step();
            }
          };
      compare(work, rounds, count, rest.subList(4, rest.size()));
    }
  }

  private static void compare(Work work, int rounds, int count, List<String> command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8);
        PrintWriter questions =
            new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true)) {
      answer(answers, command);
      List<Round> results = new ArrayList<>();
      for (int i = -UNCOUNTED; i < rounds; i++) {
        long begin = System.nanoTime();
        work.run(count);
        double wick = (System.nanoTime() - begin) / 1e9 / count;
        Thread.sleep(PAUSE_MILLIS);
        questions.println(count);
        double other = Double.parseDouble(answer(answers, command));
        Thread.sleep(PAUSE_MILLIS);
        if (i >= 0) {
          results.add(new Round(wick, other));
        }
      }
      System.out.printf(
          "median: %.2f ms here, %.2f ms there; median of the ratios of the rounds %.2f, a quarter"
              + " of them below %.2f%n",
          1e3 * quantile(results, Round::wick, 0.5),
          1e3 * quantile(results, Round::other, 0.5),
          quantile(results, round -> round.other() / round.wick(), 0.5),
          quantile(results, round -> round.other() / round.wick(), 0.25));
    } finally {
      process.destroy();
    }
  }

  private static String answer(BufferedReader answers, List<String> command) throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("in turns: expected an answer, got the end of " + command);
    }
    return line;
  }

  private static double quantile(List<Round> rounds, ToDoubleFunction<Round> figure, double q) {
    double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
    return sorted[(int) (q * sorted.length)];
  }
}
