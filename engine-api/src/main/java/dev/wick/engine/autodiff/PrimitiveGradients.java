package dev.wick.engine.autodiff;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Backward;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Unary;
import java.util.Map;

/** The gradient of each primitive: by operand, those that are wanted. */
final class PrimitiveGradients {
  private PrimitiveGradients() {}

  static Map<Integer, Expr> of(PrimitiveOp op, Backward backward) {
    return switch (op) {
      case MatMul matMul -> MatrixGradients.matMul(backward);
      case Unary unary -> Map.of(0, UnaryGradients.of(unary.kind(), backward));
      case Binary binary -> BinaryGradients.of(binary.kind(), backward);
      case Select select -> BinaryGradients.select(backward);
      case Reduce reduce -> Map.of(0, ReductionGradients.of(reduce, backward));
      case Copy copy -> MovementGradients.copy(copy, backward);
      case Gather gather -> Map.of(0, MovementGradients.gather(backward));
      case Scatter scatter -> MovementGradients.scatter(scatter.mode(), backward);
      // The gradient is F32 on both sides, whatever the value was rounded to.
      case Cast cast -> Map.of(0, backward.gradient(0));
      case Compare compare -> Map.of();
      case ArgReduce argReduce -> Map.of();
      case Iota iota -> Map.of();
      case Dequantize dequantize -> Map.of();
    };
  }
}
