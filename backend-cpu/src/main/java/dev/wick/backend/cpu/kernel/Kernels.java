package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Attention;
import dev.wick.engine.op.AttentionGradient;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.CrossEntropy;
import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.QuantizedMatMul;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.RmsNormGradient;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Select;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.SwiGluGradient;
import dev.wick.engine.op.TopK;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Binds operations to kernels. */
public final class Kernels {
  private final InnerLoops loops;
  private final Execution execution;
  private final Segments segments;

  /** Kernels that run on an execution. */
  public Kernels(InnerLoops loops, Execution execution, Segments segments) {
    this.loops = loops;
    this.execution = execution;
    this.segments = segments;
  }

  /**
   * Whether {@link #bind} takes an operation on operands of these types and shapes.
   *
   * @param loops the inner loops that kernels would be bound to
   */
  public static boolean supports(Op op, List<TensorSpec> operands, InnerLoops loops) {
    return switch (op) {
      case PrimitiveOp _ -> true;
      case RmsNorm _ -> true;
      case Softmax _ -> true;
      case LogSumExp _ -> true;
      case SwiGlu _ -> true;
      case Rope _ -> true;
      case TopK _ -> true;
      case QuantizedMatMul _ -> QuantizedMatMulKernel.fits(loops, operands.get(1));
      case ExpertMatMul experts -> fitsExperts(experts, operands.get(2), loops);
      case LoraMatMul _ -> true;
      case CrossEntropy _ -> true;
      case RmsNormGradient _ -> true;
      case SwiGluGradient _ -> true;
      case Attention _ -> fitsTiles(operands, loops.tile().columns());
      case AttentionGradient _ -> fitsTiles(operands, loops.tile().columns());
      case PagedAttention _ -> fitsScratch(operands);
      case FusedOp _ -> false;
    };
  }

  /**
   * Heads so large that one group of them fills a worker's scratch are left to the decomposition.
   */
  private static boolean fitsScratch(List<TensorSpec> operands) {
    long kvHeads = operands.get(1).shape().extent(2);
    long headDim = operands.get(1).shape().extent(3);
    long valueDim = operands.get(2).shape().extent(3);
    long group = operands.get(0).shape().extent(1) / kvHeads;
    boolean packed = operands.get(1).dtype().isQuantized() || operands.get(2).dtype().isQuantized();
    return DecodeAttention.fits(headDim, valueDim, group, packed);
  }

  /** Experts in blocks only as linear layers have them; their gradient is made of products. */
  private static boolean fitsExperts(ExpertMatMul op, TensorSpec weight, InnerLoops loops) {
    if (weight.dtype().isQuantized()) {
      return !op.flipped() && QuantizedMatMulKernel.fits(loops, weight);
    }
    return !op.flipped();
  }

  /** Likewise for attention within a batch, which knows tiles only. */
  private static boolean fitsTiles(List<TensorSpec> operands, int columns) {
    Shape query = operands.get(0).shape();
    long headDim = query.extent(2);
    long valueDim = operands.get(2).shape().extent(2);
    long group = query.extent(1) / operands.get(1).shape().extent(1);
    return Math.min(group, Math.min(headDim, valueDim)) > 0
        && PrefillAttention.fits(headDim, valueDim, group, columns)
        && AttentionGradientKernel.fits(headDim, valueDim, columns);
  }

  /** The kernel of a call whose operation is supported. */
  public CpuKernel bind(OpCall call) {
    Binding binding = new Binding(call);
    CpuKernel kernel =
        switch (call.op()) {
          case PrimitiveOp op -> primitive(op, binding);
          case FusedOp op -> fused(op, binding);
        };
    return binding.prepared(kernel);
  }

  /** The kernel of several matrix products that {@link #shareLeft} accepts. */
  public CpuKernel bindTogether(List<OpCall> calls) {
    List<HostTensor> rights = new ArrayList<>();
    List<HostTensor> results = new ArrayList<>();
    for (OpCall call : calls) {
      rights.add(tensor(call.operands().get(1)));
      results.add(tensor(call.results().get(0)));
    }
    HostTensor left = tensor(calls.getFirst().operands().get(0));
    if (calls.getFirst().op() instanceof QuantizedMatMul product) {
      return QuantizedMatMulKernel.of(
          loops, execution, product.transposed(), left, rights, tiles(calls), results);
    }
    return new MatMulKernel(loops, execution, left, rights, results);
  }

  /**
   * Whether a call adds adapters to one of some products of the same rows, so that it may run with
   * them and with what is added to the others.
   *
   * @param products one matrix product, or several that share their left operand
   * @param before calls that have been accepted
   */
  public boolean addsTo(List<OpCall> products, List<OpCall> before, OpCall call) {
    if (!(call.op() instanceof LoraMatMul) || !isProduct(products.getFirst().op())) {
      return false;
    }
    TensorView x = call.operands().get(0);
    TensorView base = call.operands().get(1);
    List<TensorView> read = new ArrayList<>(call.operands());
    read.remove(1);
    return x.equals(products.getFirst().operands().getFirst())
        && base.equals(call.results().getFirst())
        && products.stream().anyMatch(product -> base.equals(product.results().getFirst()))
        && before.stream().noneMatch(other -> base.equals(other.operands().get(1)))
        && tensor(x).hasContiguousRows()
        && tensor(base).hasContiguousRows()
        && tensor(call.operands().get(2)).isContiguous()
        && products.stream()
            .map(product -> product.results().getFirst())
            .noneMatch(y -> read.stream().anyMatch(operand -> Overlap.between(y, operand)));
  }

  /** The kernel of products, which is bound already, and of calls that {@link #addsTo} accepts. */
  public CpuKernel bindAdded(CpuKernel products, List<OpCall> calls) {
    List<LoraPart> parts = new ArrayList<>();
    for (OpCall call : calls) {
      List<HostTensor> its = call.operands().stream().map(this::tensor).toList();
      AdapterUses uses =
          new AdapterUses((LoraMatMul) call.op(), its.get(3), its.get(4), its.get(5));
      parts.add(new LoraPart(loops, its.get(0), its.get(1), its.get(2), uses));
    }
    return new LoraMatMulKernel(execution, products, parts);
  }

  /** Whether a call adds and the next one normalises the sum, so that both may run as one. */
  public static boolean isSumAndNorm(OpCall add, OpCall norm) {
    return AddRmsNormKernel.fits(add, norm);
  }

  /** The kernel of two calls that {@link #isSumAndNorm} accepts. */
  public CpuKernel bindSumAndNorm(OpCall add, OpCall norm) {
    return new AddRmsNormKernel(
        (RmsNorm) norm.op(),
        loops.rows(),
        tensor(add.operands().get(0)),
        tensor(add.operands().get(1)),
        tensor(add.results().getFirst()),
        tensor(norm.operands().get(1)),
        tensor(norm.results().getFirst()));
  }

  /** The tiles of the weights of products, or none unless all have them. */
  private List<MemorySegment> tiles(List<OpCall> calls) {
    List<MemorySegment> tiles = new ArrayList<>();
    for (OpCall call : calls) {
      TensorView weight = call.operands().get(1);
      segments.tiles(weight.buffer(), weight.spec()).ifPresent(tiles::add);
    }
    return tiles.size() == calls.size() ? tiles : List.of();
  }

  /** Whether two matrix products have the same left operand and may run as one. */
  public boolean shareLeft(OpCall first, OpCall second) {
    if (!isProduct(first.op()) || !first.op().equals(second.op())) {
      return false;
    }
    TensorView left = first.operands().get(0);
    return left.equals(second.operands().get(0))
        && first.operands().get(1).dtype() == second.operands().get(1).dtype()
        && isPlain(first)
        && isPlain(second)
        && !touches(first, second)
        && !touches(second, first);
  }

  private static boolean isProduct(Op op) {
    return op instanceof MatMul || op instanceof QuantizedMatMul;
  }

  private boolean isPlain(OpCall call) {
    HostTensor left = tensor(call.operands().get(0));
    return call.op() instanceof MatMul
        ? MatMulKernel.isPlain(left, tensor(call.operands().get(1)))
        : left.isContiguous();
  }

  /** Whether what one call writes may be what another reads or writes. */
  private static boolean touches(OpCall writer, OpCall other) {
    TensorView result = writer.results().getFirst();
    return Overlap.between(result, other.results().getFirst())
        || other.operands().stream().anyMatch(operand -> Overlap.between(result, operand));
  }

  private HostTensor tensor(TensorView view) {
    return HostTensor.of(view, segments);
  }

  private CpuKernel primitive(PrimitiveOp op, Binding b) {
    return switch (op) {
      case MatMul _ ->
          new MatMulKernel(loops, execution, b.any(0), List.of(b.any(1)), List.of(b.result(0)));
      case Unary unary -> new UnaryKernel(loops.rows(), unary, b.any(0), b.result(0));
      case Binary binary -> new BinaryKernel(loops.rows(), binary, b.any(0), b.any(1), b.result(0));
      case Compare compare -> new CompareKernel(compare, b.any(0), b.any(1), b.result(0));
      case Select _ -> new SelectKernel(b.any(0), b.any(1), b.any(2), b.result(0));
      case Reduce reduce -> new ReduceKernel(reduce, loops.rows(), b.any(0), b.result(0));
      case ArgReduce arg -> new ArgReduceKernel(arg, loops.rows(), b.any(0), b.result(0));
      case Cast _ -> new CastKernel(b.any(0), b.result(0));
      case Copy copy -> CopyKernel.of(copy, b.all(), b.result(0));
      case Gather _ -> new GatherKernel(b.any(0), b.any(1), b.result(0));
      case Scatter scatter ->
          b.any(0).dtype().isQuantized()
              ? new ScatterBlocksKernel(scatter, b.any(0), b.any(1), b.plain(2))
              : new ScatterKernel(scatter, loops.rows(), b.any(0), b.any(1), b.any(2));
      case Iota iota -> new IotaKernel(iota, b.result(0));
      case Dequantize _ -> new DequantizeKernel(loops.blocks(), b.any(0), b.result(0));
    };
  }

  private CpuKernel fused(FusedOp op, Binding b) {
    return switch (op) {
      case RmsNorm norm ->
          new RmsNormKernel(norm, loops.rows(), b.plain(0), b.plain(1), b.result(0));
      case Softmax _ -> new SoftmaxKernel(loops.rows(), b.plain(0), b.result(0));
      case LogSumExp _ -> new LogSumExpKernel(loops.rows(), b.plain(0), b.result(0));
      case SwiGlu _ -> new SwiGluKernel(loops.rows(), b.any(0), b.any(1), b.result(0));
      case Rope _ -> new RopeKernel(loops.rows(), b.plain(0), b.plain(1), b.plain(2), b.result(0));
      case TopK topK -> new TopKKernel(topK, loops.rows(), b.plain(0), b.result(0), b.result(1));
      case QuantizedMatMul product ->
          QuantizedMatMulKernel.of(
              loops,
              execution,
              product.transposed(),
              b.plain(0),
              List.of(b.any(1)),
              tiles(List.of(b.call)),
              List.of(b.result(0)));
      case ExpertMatMul _ -> experts(b);
      case LoraMatMul lora -> lora(lora, b);
      case CrossEntropy entropy ->
          new CrossEntropyKernel(
              entropy,
              loops.rows(),
              b.rows(0),
              b.any(1),
              b.call.operands().size() == 3 ? b.any(2) : null,
              b.result(0),
              b.result(1));
      case RmsNormGradient norm ->
          new RmsNormGradientKernel(norm, loops.rows(), execution, b.allPlain(), b.results());
      case SwiGluGradient _ ->
          new SwiGluGradientKernel(
              loops.rows(), b.plain(0), b.plain(1), b.plain(2), b.result(0), b.result(1));
      case Attention attention -> attention(attention, b);
      case AttentionGradient gradient ->
          new AttentionGradientKernel(gradient, loops, execution, b.allPlain(), b.results());
      case PagedAttention attention ->
          new PagedAttentionKernel(
              loops,
              execution,
              new PagedPlan(
                  b.plain(0),
                  b.cache(1),
                  b.cache(2),
                  b.any(3),
                  b.any(4),
                  b.any(5),
                  b.result(0),
                  attention.scale(),
                  attention.window()));
      default ->
          throw new IllegalStateException("bind: expected a supported operation, got " + op.name());
    };
  }

  private CpuKernel attention(Attention op, Binding b) {
    HostTensor first = b.any(3);
    return new AttentionKernel(
        loops,
        new BatchPlan(
            b.plain(0),
            b.plain(1),
            b.plain(2),
            first,
            b.result(0),
            b.result(1),
            op.scale(),
            op.window()),
        first);
  }

  private CpuKernel experts(Binding b) {
    List<HostTensor> weights = b.all().subList(2, b.all().size());
    int in = b.any(0).extent(2);
    if (in > 0
        && in <= Worker.SCRATCH_BYTES / 16
        && weights.stream().allMatch(ExpertPanels::fits)) {
      return new ExpertPanels(loops, execution, b.plain(0), b.any(1), weights, b.result(0));
    }
    return new ExpertMatMulKernel(
        loops.dot(b.any(2).dtype()),
        execution,
        b.plain(0),
        b.any(1),
        b.any(2).dtype().isQuantized() ? weights : b.rowsFrom(2),
        b.result(0));
  }

  private CpuKernel lora(LoraMatMul op, Binding b) {
    AdapterUses uses = new AdapterUses(op, b.any(3), b.any(4), b.any(5));
    LoraPart part = new LoraPart(loops, b.rows(0), b.inPlaceRows(1), b.plain(2), uses);
    return new LoraMatMulKernel(execution, LoraMatMulKernel.NO_PRODUCTS, List.of(part));
  }

  /** The operands of one call, with copies of those whose layout a kernel does not take. */
  private final class Binding {
    private final OpCall call;
    private final List<CpuKernel> copies = new ArrayList<>();
    private final List<CpuKernel> copiesBack = new ArrayList<>();

    Binding(OpCall call) {
      this.call = call;
    }

    HostTensor any(int operand) {
      return tensor(call.operands().get(operand));
    }

    List<HostTensor> all() {
      return call.operands().stream().map(Kernels.this::tensor).toList();
    }

    HostTensor result(int number) {
      return tensor(call.results().get(number));
    }

    /** An operand in a contiguous layout. */
    HostTensor plain(int operand) {
      HostTensor tensor = any(operand);
      return tensor.isContiguous() ? tensor : copyOf(tensor);
    }

    /** All operands in contiguous layouts. */
    List<HostTensor> allPlain() {
      return IntStream.range(0, call.operands().size()).mapToObj(this::plain).toList();
    }

    List<HostTensor> results() {
      return call.results().stream().map(Kernels.this::tensor).toList();
    }

    /** An operand whose rows along the last axis are contiguous. */
    HostTensor rows(int operand) {
      HostTensor tensor = any(operand);
      return tensor.hasContiguousRows() ? tensor : copyOf(tensor);
    }

    /** Keys or values of a cache: blocks, which have no gaps, or rows that are contiguous. */
    HostTensor cache(int operand) {
      HostTensor tensor = any(operand);
      return tensor.dtype().isQuantized() ? tensor : rows(operand);
    }

    List<HostTensor> rowsFrom(int operand) {
      List<HostTensor> tensors = new ArrayList<>();
      for (int i = operand; i < call.operands().size(); i++) {
        tensors.add(rows(i));
      }
      return tensors;
    }

    /** An operand that is changed, whose rows along the last axis are contiguous. */
    HostTensor inPlaceRows(int operand) {
      HostTensor tensor = any(operand);
      if (tensor.hasContiguousRows()) {
        return tensor;
      }
      HostTensor copy = copyOf(tensor);
      IndexedRows back = new IndexedRows(copy, tensor);
      copiesBack.add(_ -> back.copy(0, 0));
      return copy;
    }

    private HostTensor copyOf(HostTensor tensor) {
      MemorySegment memory =
          Arena.ofAuto().allocate(Math.max(1, tensor.dtype().byteSize(tensor.size())), 64);
      HostTensor copy =
          new HostTensor(memory, 0, tensor.dtype(), Layout.contiguous(tensor.shape()));
      copies.add(CopyKernel.of(new Copy(0), List.of(tensor), copy));
      return copy;
    }

    CpuKernel prepared(CpuKernel kernel) {
      if (copies.isEmpty()) {
        return kernel;
      }
      List<CpuKernel> steps = new ArrayList<>(copies);
      steps.add(kernel);
      steps.addAll(copiesBack);
      return new Sequence(steps);
    }
  }
}
