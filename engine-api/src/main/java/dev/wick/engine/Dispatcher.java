package dev.wick.engine;

import dev.wick.engine.op.Evaluator;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Decides how an operation runs: by the device's kernel, or as its decomposition. Shared by scopes,
 * which run operations at once, and tracers, which note them down.
 */
abstract sealed class Dispatcher implements Evaluator permits TensorScope, Tracer {
  final Engine engine;

  Dispatcher(Engine engine) {
    this.engine = engine;
  }

  @Override
  public final List<Expr> apply(Op op, List<Expr> operands) {
    List<TensorSpec> specs = operands.stream().map(Expr::spec).toList();
    List<TensorSpec> results = op.infer(specs);
    boolean decompose =
        op instanceof FusedOp && engine.fallbackMode() == FallbackMode.DECOMPOSE_ALL;
    if (!decompose && engine.device().supports(op, specs)) {
      return emit(op, operands, results);
    }
    return switch (op) {
      case PrimitiveOp primitive ->
          throw new UnsupportedOpException(
              engine.info().id(), primitive, specs, "cast the operands to F32");
      case FusedOp fused -> {
        if (engine.fallbackMode() == FallbackMode.REQUIRE_FUSED) {
          throw new UnsupportedOpException(
              engine.info().id(), fused, specs, "open the engine with FallbackMode.ALLOW");
        }
        engine.counter().count(fused);
        yield fused.decompose(operands);
      }
    };
  }

  /** Tensors of another engine lie on another device, or at least belong to somebody else. */
  final void checkSameEngine(Dispatcher other) {
    if (other.engine != engine) {
      throw new IllegalArgumentException(
          "engine: expected tensors of one engine on %s, got one of another on %s"
              .formatted(engine.info().id(), other.engine.info().id()));
    }
  }

  /** Runs or notes down an operation that the device has a kernel for. */
  abstract List<Expr> emit(Op op, List<Expr> operands, List<TensorSpec> results);
}
