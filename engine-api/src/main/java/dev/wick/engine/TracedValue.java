package dev.wick.engine;

import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;

/** A value that a program will compute, or one of its inputs: a view of a {@link Storage}. */
record TracedValue(Tracer evaluator, Storage storage, long byteOffset, DType dtype, Layout layout)
    implements Expr {
  @Override
  public Expr view(Layout view, long offset) {
    return new TracedValue(evaluator, storage, byteOffset + dtype.byteSize(offset), dtype, view);
  }
}
