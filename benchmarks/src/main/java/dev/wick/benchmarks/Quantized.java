package dev.wick.benchmarks;

import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.tensor.DType;

/** The optional last argument of a benchmark: the type to which linear layers are quantised. */
final class Quantized {
  private Quantized() {}

  /** Options to load a model with: its own types where there is no argument of that number. */
  static LoadOptions options(String[] args, int number) {
    return args.length > number
        ? LoadOptions.DEFAULT.withQuantize(DType.valueOf(args[number]))
        : LoadOptions.DEFAULT;
  }
}
