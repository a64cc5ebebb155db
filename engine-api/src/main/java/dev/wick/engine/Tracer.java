package dev.wick.engine;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Notes down a computation. Inputs are declared, operations applied to them, and results named;
 * tensors of open scopes may take part as constants. One thread at a time.
 */
public final class Tracer extends Dispatcher {
  private final Map<String, TracedValue> inputs = new LinkedHashMap<>();
  private final Map<String, TracedValue> outputs = new LinkedHashMap<>();
  private final IdentityHashMap<DeviceBuffer, Storage> constants = new IdentityHashMap<>();
  private final Set<TensorScope> scopes = new HashSet<>();
  private final List<TracedCall> calls = new ArrayList<>();
  private double residentShare = 1;

  Tracer(Engine engine) {
    super(engine);
  }

  @Override
  public int precedence() {
    return 1;
  }

  @Override
  public Expr adopt(Expr value) {
    return traced(value);
  }

  /**
   * Declares an input, to be written before each run.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public Expr input(String name, TensorSpec spec) {
    TracedValue value = arenaValue(spec);
    value.storage().pinned = true;
    if (inputs.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException("trace: expected a new input name, got " + name);
    }
    return value;
  }

  /**
   * Names a result, to be read after each run.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public void output(String name, Expr value) {
    TracedValue traced = traced(value.contiguous());
    traced.storage().pinned = true;
    if (outputs.putIfAbsent(name, traced) != null) {
      throw new IllegalArgumentException("trace: expected a new output name, got " + name);
    }
  }

  /**
   * Lets the program run in less memory, at some cost of speed: of the constants that are mapped
   * from files about this share stays resident between uses, on devices that compute on such
   * memory.
   *
   * @throws IllegalArgumentException if it is not above 0 and at most 1, which is the default
   */
  public void residentShare(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "trace: expected a resident share above 0 and at most 1, got " + share);
    }
    residentShare = share;
  }

  @Override
  List<Expr> emit(Op op, List<Expr> operands, List<TensorSpec> results) {
    List<TracedValue> tracedOperands = operands.stream().map(this::traced).toList();
    List<TracedValue> tracedResults = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      boolean inPlace = i == 0 && op.inPlaceOperand().isPresent();
      tracedResults.add(
          inPlace
              ? tracedOperands.get(op.inPlaceOperand().getAsInt())
              : arenaValue(results.get(i)));
    }
    int index = calls.size();
    tracedOperands.forEach(operand -> operand.storage().usedBy(index));
    tracedResults.forEach(result -> result.storage().usedBy(index));
    calls.add(new TracedCall(op, tracedOperands, tracedResults));
    return List.copyOf(tracedResults);
  }

  private TracedValue arenaValue(TensorSpec spec) {
    Storage storage = Storage.inArena(Math.max(1, spec.byteSize()));
    return value(storage, 0, spec.dtype(), Layout.contiguous(spec.shape()));
  }

  private TracedValue value(Storage storage, long byteOffset, DType dtype, Layout layout) {
    return new TracedValue(this, storage, byteOffset, dtype, layout);
  }

  private TracedValue traced(Expr operand) {
    return switch (operand) {
      case TracedValue value when value.evaluator() == this -> value;
      case Tensor tensor -> {
        checkSameEngine(tensor.evaluator());
        scopes.add(tensor.evaluator());
        var view = tensor.storage();
        Storage storage = constants.computeIfAbsent(view.buffer(), b -> Storage.of(view.buffer()));
        yield value(storage, view.byteOffset(), view.dtype(), view.layout());
      }
      default ->
          throw new IllegalArgumentException(
              "trace: expected a tensor or a value of this trace, got one of another");
    };
  }

  Program compile(Optional<SharedArena> arena) {
    // The program has a queue of its own, which has to find the constants in place.
    scopes.forEach(TensorScope::synchronize);
    return new Program(engine, inputs, outputs, calls, residentShare, arena);
  }
}
