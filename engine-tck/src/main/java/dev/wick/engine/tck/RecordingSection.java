package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.Tracer;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Rules about commands that are recorded once and run often, and about traced programs. */
final class RecordingSection {
  private final Fixture fixture;

  RecordingSection(Fixture fixture) {
    this.fixture = fixture;
  }

  private Device device() {
    return fixture.device();
  }

  // Closing an engine would close the device.
  @SuppressWarnings("resource")
  private Engine engine(FallbackMode mode) {
    return Engine.of(device(), mode);
  }

  /** Each run reads what the buffers hold then, and writes all results anew. */
  void recordedCommandsRunAsSubmitted() {
    int n = 37;
    RandomGenerator random = fixture.seed().generator("recorded");
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer x = device().allocate(4L * n * n);
        DeviceBuffer w = device().allocate(4L * n * n);
        DeviceBuffer y = device().allocate(4L * n * n);
        DeviceBuffer z = device().allocate(4L * n * n);
        DeviceBuffer direct = device().allocate(4L * n * n)) {
      List<OpCall> calls =
          List.of(
              call(new MatMul(), y, n, x, w),
              call(new Unary(Unary.Kind.TANH), z, n, y),
              call(new Binary(Binary.Kind.ADD), y, n, z, x),
              call(new MatMul(), z, n, y, w));
      try (Recording recording = queue.record(calls);
          Recording other = queue.record(List.of(call(new Unary(Unary.Kind.NEG), x, n, z)))) {
        for (int round = 0; round < 5; round++) {
          HostTensor input = HostTensor.normal(random, DType.F32, n, n);
          HostTensor weight = HostTensor.normal(random, DType.F32, n, n);
          queue.upload(input.segment(), x, 0);
          queue.upload(weight.segment(), w, 0);
          recording.run();
          HostTensor recorded = read(queue, z, n);
          calls.forEach(queue::submit);
          compare(read(queue, z, n), recorded, n);
          // Another recording in between, on the same queue, that changes an operand of the first.
          other.run();
          recording.run();
          HostTensor chained = read(queue, z, n);
          queue.upload(input.segment(), x, 0);
          calls.forEach(queue::submit);
          queue.submit(call(new Unary(Unary.Kind.NEG), direct, n, z));
          queue.upload(read(queue, direct, n).segment(), x, 0);
          calls.forEach(queue::submit);
          compare(read(queue, z, n), chained, n);
        }
      }
    }
  }

  private static OpCall call(Op op, DeviceBuffer result, int n, DeviceBuffer... operands) {
    List<TensorView> views = new ArrayList<>();
    for (DeviceBuffer operand : operands) {
      views.add(matrix(operand, n));
    }
    return new OpCall(op, views, List.of(matrix(result, n)));
  }

  private static TensorView matrix(DeviceBuffer buffer, int n) {
    return new TensorView(buffer, 0, DType.F32, Layout.contiguous(Shape.of(n, n)));
  }

  private static HostTensor read(CommandQueue queue, DeviceBuffer buffer, int n) {
    HostTensor result = HostTensor.zeros(TensorSpec.of(DType.F32, n, n));
    queue.download(buffer, 0, result.segment());
    return result;
  }

  private static void compare(HostTensor expected, HostTensor actual, double terms) {
    Optional<String> difference = new Tolerance(terms).difference(expected, actual);
    check(difference.isEmpty(), "what the oracle gives", difference.orElse(""));
  }

  /** The cases of an operation as programs of one operation, in an arena, run twice. */
  void tracedCases(Cases cases, RandomGenerator random) {
    for (OpCase opCase : cases.chosen(random)) {
      // Operands of blocks cannot be sliced out of a flat input.
      if (opCase.operands().stream().anyMatch(operand -> operand.dtype().isQuantized())
          || !runs(opCase)) {
        continue;
      }
      Placement[] all = Placement.values();
      List<PlacedTensor> operands = new ArrayList<>();
      for (HostTensor operand : opCase.operands()) {
        Placement placement = all[random.nextInt(all.length)];
        boolean open = placement == Placement.BROADCAST && !opCase.repeatable();
        operands.add((open ? Placement.SLICED : placement).place(operand, random));
      }
      List<HostTensor> expected = fixture.oracle().results(opCase.op(), operands);
      try (Program program =
          engine(FallbackMode.ALLOW).trace(tracer -> trace(tracer, opCase.op(), operands))) {
        for (int run = 0; run < 2; run++) {
          for (int i = 0; i < operands.size(); i++) {
            program.write("x" + i, MemorySegment.ofArray(operands.get(i).storage()));
          }
          program.run();
          for (int i = 0; i < expected.size(); i++) {
            HostTensor actual = HostTensor.zeros(program.outputSpec("y" + i));
            program.read("y" + i, actual.segment());
            Optional<String> difference =
                opCase.tolerant().tolerance().difference(expected.get(i), actual);
            check(
                difference.isEmpty(),
                opCase + " traced to give what the oracle gives",
                difference.orElse("") + " (replay with " + fixture.seed() + ")");
          }
        }
      }
    }
  }

  private boolean runs(OpCase opCase) {
    return Requirement.of(opCase.op(), opCase.specs()) == Requirement.REQUIRED
        || device().supports(opCase.op(), opCase.specs());
  }

  private static void trace(Tracer tracer, Op op, List<PlacedTensor> operands) {
    List<Expr> inputs = new ArrayList<>();
    for (int i = 0; i < operands.size(); i++) {
      PlacedTensor operand = operands.get(i);
      DType dtype = operand.content().dtype();
      int elements = operand.storage().length / dtype.blockBytes();
      inputs.add(
          tracer
              .input("x" + i, TensorSpec.of(dtype, elements))
              .view(operand.layout(), operand.offset()));
    }
    int count = op.infer(inputs.stream().map(Expr::spec).toList()).size();
    for (int i = 0; i < count; i++) {
      // Neither an input nor an output, so that one may have the place of the other.
      op.replaceableOperand(i).ifPresent(o -> inputs.set(o, inputs.get(o).mul(1)));
    }
    List<Expr> results = tracer.apply(op, inputs);
    for (int i = 0; i < count; i++) {
      boolean replaces = op.replaceableOperand(i).isPresent();
      tracer.output("y" + i, replaces ? results.get(i).mul(1) : results.get(i));
    }
  }

  /** Long computations, whose values take turns in one arena, against the same run at once. */
  void randomPrograms(int count) {
    RandomGenerator random = fixture.seed().generator("programs");
    for (int i = 0; i < count; i++) {
      RandomGraph graph =
          new RandomGraph(
              random.nextLong(), 2 + random.nextInt(6), 2 * (1 + random.nextInt(20)), 25);
      HostTensor x = HostTensor.normal(random, DType.F32, graph.rows(), graph.columns());
      HostTensor square = HostTensor.normal(random, DType.F32, graph.columns(), graph.columns());
      List<HostTensor> expected = fixture.oracle().eager(scope -> eager(scope, graph, x, square));
      for (FallbackMode mode : List.of(FallbackMode.ALLOW, FallbackMode.DECOMPOSE_ALL)) {
        List<HostTensor> actual = traced(mode, graph, x, square);
        for (int j = 0; j < expected.size(); j++) {
          Optional<String> difference =
              new Tolerance(500).difference(expected.get(j), actual.get(j));
          check(
              difference.isEmpty(),
              graph + " to give what the oracle gives",
              difference.orElse("") + " (replay with " + fixture.seed() + ")");
        }
      }
    }
  }

  private static List<HostTensor> eager(
      TensorScope scope, RandomGraph graph, HostTensor x, HostTensor square) {
    List<Expr> results =
        graph.apply(
            scope.tensor(x.segment(), x.spec()), scope.tensor(square.segment(), square.spec()));
    List<HostTensor> read = new ArrayList<>();
    for (Expr result : results) {
      HostTensor host = HostTensor.zeros(result.spec());
      ((Tensor) result).read(host.segment());
      read.add(host);
    }
    return read;
  }

  private List<HostTensor> traced(
      FallbackMode mode, RandomGraph graph, HostTensor x, HostTensor square) {
    Engine engine = engine(mode);
    try (TensorScope weights = engine.newScope()) {
      // One factor as a constant of the program, as the weights of a model are.
      Tensor factor = weights.tensor(square.segment(), square.spec());
      try (Program program =
          engine.trace(
              tracer -> {
                List<Expr> results = graph.apply(tracer.input("x", x.spec()), factor);
                for (int i = 0; i < results.size(); i++) {
                  tracer.output("y" + i, results.get(i));
                }
              })) {
        List<HostTensor> first = runOnce(program, x);
        List<HostTensor> second = runOnce(program, x);
        check(first.equals(second), "the same bits from two runs of " + graph, "others");
        return first;
      }
    }
  }

  private static List<HostTensor> runOnce(Program program, HostTensor x) {
    program.write("x", x.segment());
    program.run();
    List<HostTensor> results = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      HostTensor result = HostTensor.zeros(program.outputSpec("y" + i));
      program.read("y" + i, result.segment());
      results.add(result);
    }
    return results;
  }

  /** A table that outlives the program and grows by a row at each run, as a cache does. */
  void programsWriteInPlace() {
    int rows = 9;
    int columns = 33;
    Engine engine = engine(FallbackMode.ALLOW);
    try (TensorScope scope = engine.newScope()) {
      Tensor table = scope.zeros(TensorSpec.of(DType.F32, rows, columns));
      try (Program program =
          engine.trace(
              tracer -> {
                Expr slot = tracer.input("slot", TensorSpec.of(DType.I32, 1));
                Expr row = tracer.input("row", TensorSpec.of(DType.F32, 1, columns));
                Expr after =
                    Expr.apply(new Scatter(Scatter.Mode.SET), List.of(table, slot, row.mul(2)))
                        .getFirst();
                tracer.output("sum", after.sum(0));
              })) {
        for (int run = 0; run < rows; run++) {
          int slot = (run * 4 + 1) % rows;
          float value = run + 1;
          program.write("slot", MemorySegment.ofArray(new int[] {slot}));
          HostTensor row = HostTensor.of(TensorSpec.of(DType.F32, columns), i -> value);
          program.write("row", row.segment());
          program.run();
          HostTensor sum = HostTensor.zeros(TensorSpec.of(DType.F32, 1, columns));
          program.read("sum", sum.segment());
          double expected = (run + 1.0) * (run + 2);
          check(
              sum.number(columns - 1) == expected,
              "the sum %s of all rows so far".formatted(expected),
              sum.number(columns - 1));
        }
      }
      float[] content = table.toFloatArray();
      for (int run = 0; run < rows; run++) {
        int slot = (run * 4 + 1) % rows;
        check(content[slot * columns] == 2 * (run + 1), "row " + slot, content[slot * columns]);
      }
    }
  }
}
