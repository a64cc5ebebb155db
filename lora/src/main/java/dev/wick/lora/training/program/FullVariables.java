package dev.wick.lora.training.program;

import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every parameter of a model as a variable; weights that are tied are one. */
public final class FullVariables {
  private FullVariables() {}

  public static TrainableSet of(LanguageModel model) {
    List<Trainable> tensors = new ArrayList<>();
    Map<String, Integer> whole = new LinkedHashMap<>();
    for (Parameter parameter : model.forwardPass().parameters()) {
      whole.put(parameter.name(), tensors.size());
      tensors.add(copy(model, parameter, parameter.name()));
    }
    return new TrainableSet(tensors, Map.of(), whole, 0);
  }

  /** An F32 copy of a parameter. */
  public static Trainable copy(LanguageModel model, Parameter parameter, String name) {
    try (TensorScope scope = model.engine().newScope()) {
      Tensor wide = (Tensor) scope.adopt(parameter.tensor()).cast(DType.F32);
      return new Trainable(name, wide.shape(), wide.toFloatArray());
    }
  }
}
