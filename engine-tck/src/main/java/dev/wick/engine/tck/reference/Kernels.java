package dev.wick.engine.tck.reference;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import java.util.List;

/** The primitives that look at one element at a time, and the choice among all of them. */
final class Kernels {
  private Kernels() {}

  static void run(Op op, List<Elements> in, List<Elements> results) {
    Elements out = results.getFirst();
    switch (op) {
      case FusedOp fused ->
          throw new IllegalArgumentException("reference: expected a primitive, got " + fused);
      case PrimitiveOp primitive -> {
        switch (primitive) {
          case MatMul matMul -> MatrixKernels.matMul(in.get(0), in.get(1), out);
          case Unary unary -> unary(unary.kind(), in.get(0), out);
          case Binary binary -> binary(binary.kind(), in.get(0), in.get(1), out);
          case Compare compare -> compare(compare.kind(), in.get(0), in.get(1), out);
          case Select select -> select(in.get(0), in.get(1), in.get(2), out);
          case Reduce reduce -> ReductionKernels.reduce(reduce, in.get(0), out);
          case ArgReduce argReduce -> ReductionKernels.argReduce(argReduce, in.get(0), out);
          case Cast cast -> cast(in.get(0), out);
          case Copy copy -> MovementKernels.copy(copy, in, out);
          case Gather gather -> MovementKernels.gather(in.get(0), in.get(1), out);
          case Scatter scatter -> MovementKernels.scatter(scatter, out, in.get(1), in.get(2));
          case Iota iota -> iota(iota, out);
          case Dequantize dequantize -> BlockFormats.dequantize(in.get(0), out);
        }
      }
    }
  }

  private static void unary(Unary.Kind kind, Elements x, Elements out) {
    Cursor from = x.cursor();
    long size = out.shape().size();
    for (long i = 0; i < size; i++) {
      out.set(i, function(kind, x.number(from.next())));
    }
  }

  private static double function(Unary.Kind kind, double x) {
    return switch (kind) {
      case NEG -> -x;
      case ABS -> Math.abs(x);
      case SQUARE -> x * x;
      case SQRT -> Math.sqrt(x);
      case RSQRT -> 1 / Math.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case EXP -> Math.exp(x);
      case LOG -> Math.log(x);
      case SIN -> Math.sin(x);
      case COS -> Math.cos(x);
      case TANH -> Math.tanh(x);
      case SIGMOID -> sigmoid(x);
      case SILU -> x * sigmoid(x);
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static void binary(Binary.Kind kind, Elements x, Elements y, Elements out) {
    Shape shape = out.shape();
    Elements left = x.broadcast(shape);
    Elements right = y.broadcast(shape);
    Cursor a = left.cursor();
    Cursor b = right.cursor();
    boolean integers = out.dtype() == DType.I32;
    long size = shape.size();
    for (long i = 0; i < size; i++) {
      out.set(
          i,
          integers
              ? function(kind, left.integer(a.next()), right.integer(b.next()))
              : function(kind, left.number(a.next()), right.number(b.next())));
    }
  }

  private static double function(Binary.Kind kind, double x, double y) {
    return switch (kind) {
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> x / y;
      case MAX -> Math.max(x, y);
      case MIN -> Math.min(x, y);
      case POW -> Math.pow(x, y);
    };
  }

  private static int function(Binary.Kind kind, int x, int y) {
    return switch (kind) {
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> {
        if (y == 0) {
          throw new IllegalArgumentException("div: expected divisors other than 0, got " + y);
        }
        yield x / y;
      }
      case MAX -> Math.max(x, y);
      case MIN -> Math.min(x, y);
      case POW -> throw new IllegalArgumentException("pow: expected F32 operands, got I32");
    };
  }

  private static void compare(Compare.Kind kind, Elements x, Elements y, Elements out) {
    Shape shape = out.shape();
    Elements left = x.broadcast(shape);
    Elements right = y.broadcast(shape);
    Cursor a = left.cursor();
    Cursor b = right.cursor();
    long size = shape.size();
    for (long i = 0; i < size; i++) {
      out.set(i, holds(kind, left.number(a.next()), right.number(b.next())) ? 1 : 0);
    }
  }

  private static boolean holds(Compare.Kind kind, double x, double y) {
    return switch (kind) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  private static void select(Elements condition, Elements x, Elements y, Elements out) {
    Shape shape = out.shape();
    Elements conditions = condition.broadcast(shape);
    Elements left = x.broadcast(shape);
    Elements right = y.broadcast(shape);
    Cursor c = conditions.cursor();
    Cursor a = left.cursor();
    Cursor b = right.cursor();
    long size = shape.size();
    for (long i = 0; i < size; i++) {
      long ifTrue = a.next();
      long ifFalse = b.next();
      boolean holds = conditions.number(c.next()) != 0;
      out.set(i, holds ? left.number(ifTrue) : right.number(ifFalse));
    }
  }

  private static void cast(Elements x, Elements out) {
    Cursor from = x.cursor();
    long size = out.shape().size();
    for (long i = 0; i < size; i++) {
      out.set(i, x.number(from.next()));
    }
  }

  private static void iota(Iota iota, Elements out) {
    for (long i = 0; i < iota.length(); i++) {
      out.set(i, iota.start() + i * iota.step());
    }
  }
}
