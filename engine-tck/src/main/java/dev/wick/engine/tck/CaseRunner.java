package dev.wick.engine.tck;

import dev.wick.engine.FallbackMode;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Runs cases on a device and compares them with the oracle. */
final class CaseRunner {
  private final Device device;
  private final Oracle oracle;
  private final Set<Gap> gaps;
  private final Seed seed;

  CaseRunner(Device device, Oracle oracle, Set<Gap> gaps, Seed seed) {
    this.device = device;
    this.oracle = oracle;
    this.gaps = gaps;
    this.seed = seed;
  }

  /** Runs a case with its operands laid out in one way. */
  void run(OpCase opCase, Placement placement, RandomGenerator random) {
    List<Placement> placements = opCase.operands().stream().map(o -> placement).toList();
    run(opCase, placements, random);
  }

  /** Runs a case with each operand laid out in a way of its own. */
  void runMixed(OpCase opCase, RandomGenerator random) {
    Placement[] all = Placement.values();
    List<Placement> placements =
        opCase.operands().stream().map(operand -> all[random.nextInt(all.length)]).toList();
    run(opCase, placements, random);
  }

  private void run(OpCase opCase, List<Placement> wanted, RandomGenerator random) {
    List<Placement> placements = new ArrayList<>();
    List<PlacedTensor> operands = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      boolean open = wanted.get(i) == Placement.BROADCAST && !opCase.repeatable();
      Placement placement = open ? Placement.SLICED : wanted.get(i);
      placements.add(placement);
      operands.add(placement.place(opCase.operands().get(i), random));
    }
    try {
      compare(placements.contains(Placement.BROADCAST) ? opCase.tolerant() : opCase, operands);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "%s, laid out %s: %s (replay with %s)".formatted(opCase, placements, describe(e), seed),
          e);
    }
  }

  private static String describe(Throwable e) {
    return e instanceof AssertionError ? String.valueOf(e.getMessage()) : e.toString();
  }

  private void compare(OpCase opCase, List<PlacedTensor> operands) {
    Op op = opCase.op();
    List<TensorSpec> specs = opCase.specs();
    List<HostTensor> expected = oracle.results(op, operands);
    if (checkSupport(op, specs)) {
      check(opCase, "kernel", expected, DeviceRun.kernel(device, op, operands));
    } else {
      checkRefusal(op, operands);
    }
    if (op instanceof FusedOp && !isLong(opCase) && !hasGap(specs)) {
      List<HostTensor> decomposed =
          DeviceRun.engine(device, FallbackMode.DECOMPOSE_ALL, op, operands);
      check(opCase, "decomposition", expected, decomposed);
    }
  }

  /** Whether a gap is declared for a type of the operands, which the decomposition would meet. */
  boolean hasGap(List<TensorSpec> specs) {
    return specs.stream()
        .anyMatch(
            spec ->
                gaps.stream()
                    .anyMatch(gap -> gap.dtype().filter(spec.dtype()::equals).isPresent()));
  }

  /** The decomposition of attention gathers the whole context for every token. */
  private static boolean isLong(OpCase opCase) {
    if (!(opCase.op() instanceof PagedAttention)) {
      return false;
    }
    Shape query = opCase.operands().get(0).spec().shape();
    Shape keys = opCase.operands().get(1).spec().shape();
    Shape table = opCase.operands().get(3).spec().shape();
    long context = table.extent(1) * keys.extent(1);
    return query.extent(0) * context * keys.extent(2) * keys.extent(3) > 200_000;
  }

  private static void check(
      OpCase opCase, String how, List<HostTensor> expected, List<HostTensor> actual) {
    if (expected.size() != actual.size()) {
      throw new AssertionError(
          "%s: expected %d results, got %d".formatted(how, expected.size(), actual.size()));
    }
    for (int i = 0; i < expected.size(); i++) {
      Optional<String> difference = opCase.tolerance().difference(expected.get(i), actual.get(i));
      if (difference.isPresent()) {
        throw new AssertionError("%s: result %d, %s".formatted(how, i, difference.get()));
      }
    }
  }

  /** What the device answers, after looking at whether it may. */
  private boolean checkSupport(Op op, List<TensorSpec> specs) {
    boolean supported = device.supports(op, specs);
    if (supported != device.supports(op, specs)) {
      throw new AssertionError("supports: expected the same answer twice, got two");
    }
    Requirement requirement = Requirement.of(op, specs);
    boolean declared = gaps.stream().anyMatch(gap -> gap.covers(op, specs));
    if (supported && declared && requirement != Requirement.REQUIRED) {
      throw new AssertionError("supports: expected no, as a gap is declared, got yes");
    }
    if (!supported && requirement == Requirement.REQUIRED) {
      throw new AssertionError("supports: expected yes for a required primitive, got no");
    }
    if (!supported && requirement == Requirement.EXPECTED && !declared) {
      throw new AssertionError(
          "supports: expected yes, got no; declare a gap if that is meant to be");
    }
    return supported;
  }

  private void checkRefusal(Op op, List<PlacedTensor> operands) {
    try (DeviceRun.Bench bench = new DeviceRun.Bench(device)) {
      OpCall call = bench.prepare(op, operands);
      try {
        bench.queue.submit(call);
      } catch (UnsupportedOpException expected) {
        return;
      }
      throw new AssertionError(
          "submit: expected an UnsupportedOpException, as supports is false, got none");
    }
  }
}
