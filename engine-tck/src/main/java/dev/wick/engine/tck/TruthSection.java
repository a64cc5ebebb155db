package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;
import static dev.wick.engine.tck.Checks.failure;

import dev.wick.engine.FallbackMode;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.EngineException;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Rules about what a backend says of itself. */
final class TruthSection {
  private final Fixture fixture;

  TruthSection(Fixture fixture) {
    this.fixture = fixture;
  }

  void providerDescribesItself() {
    BackendProvider provider = fixture.provider();
    check(provider.spiVersion() == Spi.VERSION, "Spi.VERSION", provider.spiVersion());
    String name = provider.name();
    check(
        !name.isBlank() && name.equals(name.toLowerCase(Locale.ROOT)) && !name.equals("auto"),
        "a short lower-case name other than auto",
        name);
    Probe first = provider.probe();
    check(first.equals(provider.probe()), "the same probe twice", "another");
    if (first instanceof Probe.Available found) {
      check(!found.devices().isEmpty(), "at least one device, or Unavailable", found);
      Set<String> ids = new HashSet<>();
      for (DeviceInfo info : found.devices()) {
        check(info.backend().equals(name), "an id that begins with " + name + ":", info.id());
        check(ids.add(info.id()), "one device per id", info.id());
        check(!info.description().isBlank(), "a description of " + info.id(), "none");
      }
    }
    check(fixture.device().info().equals(fixture.info()), "the info that probe() gave", "another");
  }

  void unknownDeviceFails() {
    DeviceInfo unknown =
        new DeviceInfo(
            fixture.provider().name() + ":987654",
            fixture.info().kind(),
            "there is none",
            0,
            false);
    EngineException refused =
        failure(
            EngineException.class,
            "open of an unknown device",
            () -> fixture.provider().open(unknown).close());
    check(
        String.valueOf(refused.getMessage()).contains(unknown.id()),
        "the id in the message",
        refused);
  }

  void primitivesAreSupported() {
    for (OpCase opCase : everyCase()) {
      if (Requirement.of(opCase.op(), opCase.specs()) == Requirement.REQUIRED) {
        check(
            fixture.device().supports(opCase.op(), opCase.specs()),
            "support of a primitive on F32, I32 and BOOL",
            "none for " + opCase);
      }
    }
  }

  /** The engine asks once and remembers, and it asks from any thread. */
  void supportsIsConstant() throws Exception {
    List<OpCase> cases = everyCase();
    List<Boolean> before = answers(fixture.device(), cases);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Callable<List<Boolean>>> tasks = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        tasks.add(() -> answers(fixture.device(), cases));
      }
      for (Future<List<Boolean>> answer : threads.invokeAll(tasks)) {
        check(answer.get().equals(before), "the same answers on every thread", "others");
      }
    }
    try (Device other = fixture.openAnother()) {
      check(answers(other, cases).equals(before), "the same answers by another opening", "others");
    }
  }

  private static List<Boolean> answers(Device device, List<OpCase> cases) {
    return cases.stream().map(c -> device.supports(c.op(), c.specs())).toList();
  }

  /** A gap that no case meets cannot be tested, so it is no gap. */
  void gapsAreCleanRefusals(Set<Gap> gaps) {
    for (Gap gap : gaps) {
      int met = 0;
      for (OpCase opCase : everyCase()) {
        if (gap.covers(opCase.op(), opCase.specs())
            && Requirement.of(opCase.op(), opCase.specs()) != Requirement.REQUIRED) {
          met++;
          check(
              !fixture.device().supports(opCase.op(), opCase.specs()),
              "no, as " + gap + " is declared",
              "yes for " + opCase);
        }
      }
      check(met > 0, "a gap that some optional case meets", gap);
    }
  }

  /** An operation that no backend can know: {@code 2 - x}. */
  private record Unheard() implements FusedOp {
    @Override
    public String name() {
      return "unheard_of";
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> operands) {
      return operands;
    }

    @Override
    public List<Expr> decompose(List<Expr> operands) {
      return List.of(operands.get(0).unary(Unary.Kind.NEG).add(2));
    }
  }

  void unknownOperationIsRefusedAndDecomposed() {
    Op op = new Unheard();
    HostTensor x = HostTensor.of(TensorSpec.of(DType.F32, 5), i -> i);
    List<PlacedTensor> operands = List.of(Placement.PLAIN.place(x, fixture.seed().generator("")));
    check(!fixture.device().supports(op, List.of(x.spec())), "no for an unknown operation", "yes");
    try (DeviceRun.Bench bench = new DeviceRun.Bench(fixture.device())) {
      OpCall call = bench.prepare(op, operands);
      failure(UnsupportedOpException.class, "submit", () -> bench.queue.submit(call));
      // A refusal is no failure of the queue.
      OpCall negation = bench.prepare(new Unary(Unary.Kind.NEG), operands);
      bench.queue.submit(negation);
      HostTensor result = bench.collect(new Unary(Unary.Kind.NEG), operands, negation).getFirst();
      check(result.number(4) == -4, "-4 after a refusal", result.number(4));
    }
    HostTensor decomposed =
        DeviceRun.engine(fixture.device(), FallbackMode.ALLOW, op, operands).getFirst();
    check(decomposed.number(4) == -2, "2 - 4 by decomposition", decomposed.number(4));
    failure(
        UnsupportedOpException.class,
        "REQUIRE_FUSED",
        () -> DeviceRun.engine(fixture.device(), FallbackMode.REQUIRE_FUSED, op, operands));
  }

  private List<OpCase> everyCase() {
    List<OpCase> all = new ArrayList<>();
    for (Cases cases : CaseList.all()) {
      all.addAll(cases.chosen(fixture.seed().generator("support." + cases.name())));
    }
    return all;
  }
}
