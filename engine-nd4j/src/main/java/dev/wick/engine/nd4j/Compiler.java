package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.CastLoops;
import dev.wick.engine.nd4j.host.ElementwiseLoops;
import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.nd4j.host.MovementLoops;
import dev.wick.engine.nd4j.host.RowLoops;
import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.TopK;
import dev.wick.engine.op.Unary;
import java.util.List;

/**
 * Chooses what runs an operation: ND4J where there is much to compute and nothing in the way, a
 * loop elsewhere. Thread-safe.
 *
 * @param loopLimit elements from which on ND4J is worth its call
 * @param products how matrices are multiplied
 */
record Compiler(long loopLimit, Products products) {
  /**
   * Elements below which a loop is done before ND4J's threads have met, which takes them
   * milliseconds where other processes want the cores.
   */
  private static final long LOOP_LIMIT = 1 << 15;

  /** Multiplications from which on ND4J is worth its call. */
  private static final long PRODUCT_LIMIT = 1 << 12;

  /** Computes in the host's memory. */
  static Compiler inPlace() {
    return new Compiler(LOOP_LIMIT, new Products.InPlace());
  }

  /** Multiplies copies. */
  static Compiler mirrored() {
    return new Compiler(LOOP_LIMIT, new MirroredProducts());
  }

  /** Whether ND4J is given the host's memory. */
  boolean computesInPlace() {
    return products instanceof Products.InPlace;
  }

  /** The kernel of an operation that the device supports. */
  Kernel compile(Op op, List<Operand> in, List<Operand> results, Scratch scratch) {
    Operand out = results.getFirst();
    return switch (op) {
      case PrimitiveOp primitive -> compile(primitive, in, out, scratch);
      case RmsNorm rmsNorm ->
          RowLoops.rmsNorm(rmsNorm.eps(), in.get(0).host(), in.get(1).host(), out.host());
      case Softmax softmax ->
          isLarge(in.get(0), out)
              ? Nd4jKernels.softmax(in.get(0), out)
              : RowLoops.softmax(in.get(0).host(), out.host());
      case LogSumExp logSumExp -> RowLoops.logSumExp(in.get(0).host(), out.host());
      case SwiGlu swiGlu ->
          isLarge(in.get(0), out) && in.get(1).isRun()
              ? Nd4jKernels.swiGlu(in.get(0), in.get(1), out)
              : ElementwiseLoops.swiGlu(in.get(0).host(), in.get(1).host(), out.host());
      case Rope rope ->
          RowLoops.rope(in.get(0).host(), in.get(1).host(), in.get(2).host(), out.host());
      case TopK topK ->
          RowLoops.topK(topK.k(), in.get(0).host(), out.host(), results.get(1).host());
      case PagedAttention attention -> new AttentionKernel(attention, in, out, this, scratch);
      case ExpertMatMul experts -> new ExpertKernel(in, out, scratch);
      case FusedOp fused ->
          throw new IllegalArgumentException("nd4j: expected a supported operation, got " + fused);
    };
  }

  private Kernel compile(PrimitiveOp op, List<Operand> in, Operand out, Scratch scratch) {
    HostTensor to = out.host();
    return switch (op) {
      case MatMul matMul ->
          MatMulKernel.of(in.get(0), in.get(1), out, productLimit(), products, scratch);
      case Unary unary ->
          isLarge(in.get(0), out)
              ? Nd4jKernels.unary(unary.kind(), in.get(0), out)
              : ElementwiseLoops.unary(unary.kind(), in.get(0).host(), to);
      case Binary binary -> binary(binary.kind(), in.get(0), in.get(1), out);
      case Compare compare ->
          ElementwiseLoops.compare(compare.kind(), in.get(0).host(), in.get(1).host(), to);
      case Select select ->
          ElementwiseLoops.select(in.get(0).host(), in.get(1).host(), in.get(2).host(), to);
      case Reduce reduce ->
          reduce.kind() == Reduce.Kind.SUM
                  && in.get(0).shape().axis(reduce.axis()) == in.get(0).shape().rank() - 1
                  && isLarge(in.get(0), in.get(0))
              ? Nd4jKernels.sum(in.get(0), out)
              : RowLoops.reduce(reduce, in.get(0).host(), to);
      case ArgReduce argReduce -> RowLoops.argReduce(argReduce, in.get(0).host(), to);
      case Cast cast -> CastLoops.cast(in.get(0).host(), to);
      case Copy copy -> MovementLoops.copy(copy.axis(), hosts(in), to);
      case Gather gather -> MovementLoops.gather(in.get(0).host(), in.get(1).host(), to);
      case Scatter scatter ->
          MovementLoops.scatter(scatter, to, in.get(1).host(), in.get(2).host());
      case Iota iota -> MovementLoops.iota(iota, to);
      case Dequantize dequantize -> CastLoops.dequantize(in.get(0).host(), to);
    };
  }

  private Kernel binary(Binary.Kind kind, Operand x, Operand y, Operand out) {
    boolean same = x.shape().equals(y.shape());
    return same && isLarge(x, out) && y.isRun() && Nd4jKernels.has(kind)
        ? Nd4jKernels.binary(kind, x, y, out)
        : ElementwiseLoops.binary(kind, x.host(), y.host(), out.host());
  }

  private long productLimit() {
    return computesInPlace() ? Math.min(loopLimit, PRODUCT_LIMIT) : loopLimit;
  }

  private boolean isLarge(Operand x, Operand out) {
    return computesInPlace() && x.isRun() && out.isRun() && x.shape().size() >= loopLimit;
  }

  private static List<HostTensor> hosts(List<Operand> operands) {
    return operands.stream().map(Operand::host).toList();
  }
}
