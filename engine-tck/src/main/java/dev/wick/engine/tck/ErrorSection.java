package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;
import static dev.wick.engine.tck.Checks.failure;

import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.EngineException;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Rules about operands whose content is wrong, and about what such a failure leaves behind. */
final class ErrorSection {
  private static final int[] OUTSIDE = {-1, 7, 8, Integer.MAX_VALUE, Integer.MIN_VALUE};

  private final Fixture fixture;

  ErrorSection(Fixture fixture) {
    this.fixture = fixture;
  }

  private Device device() {
    return fixture.device();
  }

  void gatherOutsideOfTheTableFails() {
    for (int bad : OUTSIDE) {
      fails(new Gather(), bad, table(), indices(bad));
    }
  }

  void scatterOutsideOfTheTableFails() {
    HostTensor updates = HostTensor.zeros(TensorSpec.of(DType.F32, 3, 33));
    for (Scatter.Mode mode : Scatter.Mode.values()) {
      for (int bad : OUTSIDE) {
        fails(new Scatter(mode), bad, table(), indices(bad), updates);
      }
    }
  }

  private static HostTensor table() {
    return HostTensor.of(TensorSpec.of(DType.F32, 7, 33), i -> i);
  }

  private static HostTensor indices(int bad) {
    return HostTensor.of(TensorSpec.of(DType.I32, 3), i -> i == 1 ? bad : i);
  }

  /** The decomposition gathers by the same numbers, so it fails as well. */
  void attentionOutsideOfTheCacheFails() {
    RandomGenerator random = fixture.seed().generator("attention errors");
    OpCase small = AttentionCases.small(random);
    if (!device().supports(small.op(), small.specs())) {
      return;
    }
    for (int bad : new int[] {-1, 100, Integer.MAX_VALUE}) {
      fails(small.op(), bad, with(small, 3, 0, bad));
      fails(small.op(), bad, with(small, 4, 1, bad));
    }
  }

  /** Places in the pool, ranks and rows, each of the second use. */
  void adapterOutsideOfThePoolFails() {
    OpCase small = LoraCases.small(fixture.seed().generator("adapter errors"));
    if (!device().supports(small.op(), small.specs())) {
      return;
    }
    for (int bad : new int[] {-2, 1_000, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      for (int part = 0; part < 5; part++) {
        fails(small.op(), bad, with(small, 4, 5 + part, bad));
      }
      fails(small.op(), bad, with(small, 3, 2, bad));
      fails(small.op(), bad, with(small, 3, 3, bad));
    }
    fails(small.op(), 4, with(small, 4, 7, 4)); // a rank above the largest
  }

  /** A label beyond the vocabulary; one below 0 does not count. */
  void labelBeyondTheVocabularyFails() {
    OpCase small = TrainingCases.smallCrossEntropy(fixture.seed().generator("label errors"));
    if (device().supports(small.op(), small.specs())) {
      fails(small.op(), 5, with(small, 1, 2, 5));
      fails(small.op(), Integer.MAX_VALUE, with(small, 1, 0, Integer.MAX_VALUE));
    }
  }

  /** First rows below 0, and beyond the token itself. */
  void attentionToLaterRowsFails() {
    for (boolean gradient : new boolean[] {false, true}) {
      OpCase small =
          new BatchAttentionCases(gradient).small(fixture.seed().generator("first rows"));
      if (device().supports(small.op(), small.specs())) {
        for (int bad : new int[] {-1, 4, 1_000, Integer.MIN_VALUE}) {
          fails(small.op(), bad, with(small, 3, 3, bad));
        }
      }
    }
  }

  /** What is not checked may give anything, but neither a crash nor a device that is lost. */
  void wildNumbersLeaveTheDeviceAlive() {
    RandomGenerator random = fixture.seed().generator("wild");
    OpCase small = AttentionCases.small(random);
    for (int bad : new int[] {-1, 100_000, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      survives(small.op(), with(small, 5, 2, bad));
      survives(
          new ExpertMatMul(),
          HostTensor.normal(random, DType.F32, 2, 1, 8),
          HostTensor.of(TensorSpec.of(DType.I32, 2, 2), i -> i == 1 ? bad : 0),
          HostTensor.normal(random, DType.BF16, 4, 8),
          HostTensor.normal(random, DType.BF16, 4, 8));
    }
    goesOn();
  }

  /** The operands of a case, one of which has another number at one place. */
  private static HostTensor[] with(OpCase opCase, int operand, int at, int number) {
    HostTensor[] operands = opCase.operands().toArray(HostTensor[]::new);
    HostTensor right = operands[operand];
    operands[operand] = HostTensor.of(right.spec(), i -> i == at ? number : right.number(i));
    return operands;
  }

  private List<PlacedTensor> placed(HostTensor... operands) {
    RandomGenerator unused = fixture.seed().generator("");
    List<PlacedTensor> placed = new ArrayList<>();
    for (HostTensor operand : operands) {
      placed.add(Placement.PLAIN.place(operand, unused));
    }
    return placed;
  }

  private void fails(Op op, int bad, HostTensor... operands) {
    DeviceRun.Bench bench = new DeviceRun.Bench(device());
    try {
      OpCall call = bench.prepare(op, placed(operands));
      RuntimeException thrown =
          failure(
              RuntimeException.class,
              "%s with index %d".formatted(op.name(), bad),
              () -> {
                bench.queue.submit(call);
                bench.queue.synchronize();
              });
      check(isOurs(thrown), "an IllegalArgumentException or EngineException", thrown);
      String message = String.valueOf(thrown.getMessage());
      check(
          message.contains(op.name()) && message.contains(String.valueOf(bad)),
          "a message that names %s and %d".formatted(op.name(), bad),
          message);
      checkQueueAfter(bench, message);
    } finally {
      closeBroken(bench);
    }
    goesOn();
  }

  private static boolean isOurs(RuntimeException thrown) {
    return thrown instanceof IllegalArgumentException || thrown instanceof EngineException;
  }

  /** A queue that found the error at once goes on; one that found it late repeats it. */
  private void checkQueueAfter(DeviceRun.Bench bench, String message) {
    try {
      bench.queue.synchronize();
    } catch (IllegalArgumentException | EngineException repeated) {
      check(
          String.valueOf(repeated.getMessage()).contains(message),
          "the cause again: " + message,
          repeated);
      return;
    }
    checkWorks(bench);
  }

  private void checkWorks(DeviceRun.Bench bench) {
    Op op = new Unary(Unary.Kind.NEG);
    List<PlacedTensor> operands = placed(table());
    OpCall call = bench.prepare(op, operands);
    bench.queue.submit(call);
    double last = bench.collect(op, operands, call).getFirst().number(230);
    check(last == -230, "-230 from an operation after an error", last);
  }

  /** Another queue of the device does not notice. */
  private void goesOn() {
    try (DeviceRun.Bench bench = new DeviceRun.Bench(device())) {
      checkWorks(bench);
    }
  }

  private void survives(Op op, HostTensor... operands) {
    List<PlacedTensor> placed = placed(operands);
    if (!device().supports(op, placed.stream().map(PlacedTensor::spec).toList())) {
      return;
    }
    DeviceRun.Bench bench = new DeviceRun.Bench(device());
    try {
      bench.queue.submit(bench.prepare(op, placed));
      bench.queue.synchronize();
    } catch (RuntimeException thrown) {
      check(isOurs(thrown), "an IllegalArgumentException or EngineException, if any", thrown);
    } finally {
      closeBroken(bench);
    }
  }

  /** A queue that failed may say so once more when it closes. */
  private static void closeBroken(DeviceRun.Bench bench) {
    try {
      bench.close();
    } catch (IllegalArgumentException | EngineException repeated) {
      bench.closeBuffers();
    }
  }
}
