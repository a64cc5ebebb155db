package dev.wick.engine.tck;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Rules about gradients: those that a tape computes on the device against those in F64, which
 * {@link Differences} has checked.
 */
final class GradientSection {
  /** How many cases of an operation are differentiated, and how many with the same attributes. */
  private static final int CASES = 30;

  private static final int VARIANTS = 8;

  /** How many programs may be drawn again, besides a tenth of those that are wanted. */
  private static final int REFUSED = 3;

  private enum Mode {
    EAGER,
    DECOMPOSED,
    CHECKPOINTED,
    TRACED,
    TRACED_AND_CHECKPOINTED
  }

  private final Fixture fixture;

  GradientSection(Fixture fixture) {
    this.fixture = fixture;
  }

  // Closing an engine would close the device.
  @SuppressWarnings("resource")
  private Engine engine(FallbackMode mode) {
    return Engine.of(fixture.device(), mode);
  }

  /** Some cases of each variant of an operation, with weights frozen and not. */
  void ofOperation(Cases cases, RandomGenerator random) {
    Mode[] modes = Mode.values();
    int next = random.nextInt(modes.length);
    for (OpCase opCase : drawn(cases, random)) {
      GradientCase gradientCase = GradientCase.of(opCase, random);
      if (gradientCase.watched().contains(true)) {
        boolean decided = check(gradientCase, List.of(modes[next++ % modes.length]), random);
        Checks.check(
            decided,
            "kinks to be rare around " + gradientCase,
            "them at many elements (replay with %s)".formatted(fixture.seed()));
      }
    }
  }

  /** Cases of as many different attributes as there are, and of each about as many. */
  private List<OpCase> drawn(Cases cases, RandomGenerator random) {
    Map<Op, List<OpCase>> byOp = new LinkedHashMap<>();
    for (OpCase opCase : shuffled(cases.chosen(random), random)) {
      if (GradientCase.fits(opCase) && runs(opCase)) {
        byOp.computeIfAbsent(opCase.op(), op -> new ArrayList<>()).add(opCase);
      }
    }
    List<OpCase> drawn = new ArrayList<>();
    for (int i = 0; i < VARIANTS && drawn.size() < CASES; i++) {
      for (List<OpCase> alike : byOp.values()) {
        if (i < alike.size()) {
          drawn.add(alike.get(i));
        }
      }
    }
    return drawn;
  }

  private static List<OpCase> shuffled(List<OpCase> cases, RandomGenerator random) {
    List<OpCase> shuffled = new ArrayList<>();
    for (OpCase opCase : cases) {
      shuffled.add(random.nextInt(shuffled.size() + 1), opCase);
    }
    return shuffled;
  }

  private boolean runs(OpCase opCase) {
    return !fixture.runner().hasGap(opCase.specs())
        && (Requirement.of(opCase.op(), opCase.specs()) != Requirement.EXPECTED
            || fixture.device().supports(opCase.op(), opCase.specs()));
  }

  /**
   * Computations of many operations and views, whose values have several uses. One in a hundred
   * amplifies roundings or asks for the larger of two equal numbers, so that a device may be right
   * and far away: arithmetic in F64, not the device, says so, and another is drawn.
   */
  void ofPrograms(int count) {
    RandomGenerator random = fixture.seed().generator("gradients of programs");
    int refused = 0;
    for (int checked = 0; checked < count; ) {
      GradientCase drawn = program(random);
      if (new Differences(drawn, random).withstandRoundings()
          && check(drawn, List.of(Mode.values()), random)) {
        checked++;
      } else {
        refused++;
      }
      if (refused > REFUSED + count / 10) {
        throw new AssertionError(
            "expected programs that can be differentiated, got %d of %d that cannot (replay with %s)"
                .formatted(refused, refused + checked, fixture.seed()));
      }
    }
  }

  private static GradientCase program(RandomGenerator random) {
    RandomGraph graph =
        new RandomGraph(random.nextLong(), 2 + random.nextInt(4), 2 * (1 + random.nextInt(5)), 9);
    TensorSpec matrix = TensorSpec.of(DType.F32, graph.rows(), graph.columns());
    TensorSpec square = TensorSpec.of(DType.F32, graph.columns(), graph.columns());
    List<List<HostTensor>> seeds = new ArrayList<>();
    for (int j = 0; j < 3; j++) {
      seeds.add(List.of(HostTensor.normal(random, DType.F32, matrix.shape().toArray())));
    }
    return new GradientCase(
        graph.toString(),
        values -> graph.apply(values.get(0), values.get(1)),
        List.of(
            GradientCase.separated(matrix, -1.5, 1.5, 0, random),
            GradientCase.separated(square, -1.5, 1.5, 1, random)),
        List.of(true, true),
        seeds,
        500);
  }

  /** False if differences cannot tell what the gradients are. */
  private boolean check(GradientCase gradientCase, List<Mode> modes, RandomGenerator random) {
    try {
      Optional<List<double[]>> expected = new Differences(gradientCase, random).gradients();
      if (expected.isPresent()) {
        for (Mode mode : modes) {
          compare(gradientCase, mode, expected.get(), random);
        }
      }
      return expected.isPresent();
    } catch (RuntimeException | AssertionError e) {
      String message = e instanceof AssertionError ? e.getMessage() : gradientCase + ": " + e;
      throw new AssertionError("%s (replay with %s)".formatted(message, fixture.seed()), e);
    }
  }

  private void compare(
      GradientCase gradientCase, Mode mode, List<double[]> expected, RandomGenerator random) {
    List<PlacedTensor> operands = new ArrayList<>();
    for (HostTensor operand : gradientCase.operands()) {
      Placement[] all = Placement.values();
      Placement placement = all[random.nextInt(all.length)];
      // Repeated numbers would be others than those of the oracle.
      boolean same = placement != Placement.BROADCAST;
      operands.add((same ? placement : Placement.TRANSPOSED).place(operand, random));
    }
    List<HostTensor> actual =
        switch (mode) {
          case EAGER -> eager(gradientCase, FallbackMode.ALLOW, false, operands);
          case DECOMPOSED -> eager(gradientCase, FallbackMode.DECOMPOSE_ALL, false, operands);
          case CHECKPOINTED -> eager(gradientCase, FallbackMode.ALLOW, true, operands);
          case TRACED -> traced(gradientCase, false, operands);
          case TRACED_AND_CHECKPOINTED -> traced(gradientCase, true, operands);
        };
    for (int i = 0; i < expected.size(); i++) {
      double[] numbers = expected.get(i);
      HostTensor host = HostTensor.of(actual.get(i).spec(), j -> numbers[j]);
      Optional<String> difference =
          new Tolerance(gradientCase.terms()).difference(host, actual.get(i));
      if (difference.isPresent()) {
        throw new AssertionError(
            "%s, %s: gradient %d, %s".formatted(gradientCase, mode, i, difference.get()));
      }
    }
  }

  private List<HostTensor> eager(
      GradientCase gradientCase,
      FallbackMode mode,
      boolean checkpointed,
      List<PlacedTensor> operands) {
    try (TensorScope scope = engine(mode).newScope()) {
      List<Expr> values = new ArrayList<>();
      for (PlacedTensor operand : operands) {
        values.add(DeviceRun.upload(scope, operand));
      }
      return gradients(gradientCase, new Tape(scope), checkpointed, scope, values).stream()
          .map(gradient -> DeviceRun.download((Tensor) gradient))
          .toList();
    }
  }

  /** Forwards and backwards as one program; the weights that are frozen are constants of it. */
  private List<HostTensor> traced(
      GradientCase gradientCase, boolean checkpointed, List<PlacedTensor> operands) {
    Engine engine = engine(FallbackMode.ALLOW);
    try (TensorScope scope = engine.newScope()) {
      int[] count = new int[1];
      try (Program program =
          engine.trace(
              tracer -> {
                List<Expr> values = new ArrayList<>();
                for (int i = 0; i < operands.size(); i++) {
                  PlacedTensor operand = operands.get(i);
                  boolean constant =
                      !gradientCase.watched().get(i) || operand.content().dtype().isQuantized();
                  values.add(
                      constant
                          ? DeviceRun.upload(scope, operand)
                          : tracer
                              .input("x" + i, flat(operand))
                              .view(operand.layout(), operand.offset()));
                }
                Tape tape = new Tape(tracer);
                for (Expr gradient : gradients(gradientCase, tape, checkpointed, scope, values)) {
                  tracer.output("y" + count[0]++, gradient);
                }
              })) {
        List<HostTensor> first = run(gradientCase, program, operands, count[0]);
        Checks.check(
            first.equals(run(gradientCase, program, operands, count[0])),
            "the same gradients from two runs",
            "others");
        return first;
      }
    }
  }

  private static TensorSpec flat(PlacedTensor operand) {
    DType dtype = operand.content().dtype();
    return TensorSpec.of(dtype, operand.storage().length / dtype.blockBytes());
  }

  private static List<HostTensor> run(
      GradientCase gradientCase, Program program, List<PlacedTensor> operands, int count) {
    for (int i = 0; i < operands.size(); i++) {
      if (gradientCase.watched().get(i)) {
        program.write("x" + i, MemorySegment.ofArray(operands.get(i).storage()));
      }
    }
    program.run();
    List<HostTensor> results = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      HostTensor result = HostTensor.zeros(program.outputSpec("y" + i));
      program.read("y" + i, result.segment());
      results.add(result);
    }
    return results;
  }

  private static List<Expr> gradients(
      GradientCase gradientCase,
      Tape tape,
      boolean checkpointed,
      TensorScope scope,
      List<Expr> values) {
    return checkpointed
        ? gradientCase.checkpointed(tape, values, seed -> tensor(scope, seed))
        : gradientCase.gradients(tape, values, seed -> tensor(scope, seed));
  }

  private static Expr tensor(TensorScope scope, HostTensor host) {
    return scope.tensor(host.segment(), host.spec());
  }
}
