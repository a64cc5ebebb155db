package dev.wick.lora.training.program;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.Linear;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The trained tensors on the device, and what is computed once from frozen ones. */
public final class DeviceState implements AutoCloseable {
  private final Engine engine;
  private final TensorScope scope;
  private final List<Trainable> trainables;
  private final List<Tensor> tensors;
  private final Map<String, Tensor> squaredNorms = new HashMap<>();

  public DeviceState(Engine engine, List<Trainable> trainables) {
    this.engine = engine;
    this.trainables = trainables;
    this.scope = engine.newScope();
    this.tensors =
        trainables.stream()
            .map(trainable -> scope.tensor(trainable.values(), trainable.shape().toArray()))
            .toList();
  }

  public Tensor tensor(int index) {
    return tensors.get(index);
  }

  /** Brings the trained values to the device. */
  public void upload() {
    for (int i = 0; i < tensors.size(); i++) {
      tensors.get(i).write(MemorySegment.ofArray(trainables.get(i).values()));
    }
  }

  /** Squared norms of the rows of a linear layer's weight, F32 [out]. */
  public Tensor squaredNorms(Linear layer) {
    return squaredNorms.computeIfAbsent(
        layer.name(), name -> scope.tensor(SquaredNorms.of(engine, layer), layer.out()));
  }

  @Override
  public void close() {
    scope.close();
  }
}
