package dev.wick.backend.cpu;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the kernels of a forward pass on small operands until the JIT compiler has had its say.
 * Interpreted vector code is some thousand times slower than compiled code, so the first token
 * would pay for it otherwise.
 */
final class WarmUp implements AutoCloseable {
  private static final long BUDGET_NANOS = 2_500_000_000L;
  private static final int MAX_ROUNDS = 400;
  private static final int WIDTH = 256;
  private static final int PREFILL = 20;

  private final CommandQueue queue;
  private final DeviceBuffer memory;
  private final List<OpCall> calls = new ArrayList<>();
  private long used;

  WarmUp(CpuDevice device) {
    this.queue = device.newQueue();
    this.memory = device.allocate(16L << 20);
    for (DType dtype : List.of(DType.BF16, DType.F16, DType.F32)) {
      addProducts(dtype);
    }
    for (int tokens : new int[] {1, PREFILL}) {
      addLayer(tokens);
    }
  }

  private void addProducts(DType dtype) {
    TensorView weight = view(TensorSpec.of(dtype, WIDTH, WIDTH));
    TensorView transposed =
        new TensorView(memory, weight.byteOffset(), dtype, weight.layout().transpose(0, 1));
    for (int rows : new int[] {1, 4, PREFILL}) {
      add(new MatMul(), view(TensorSpec.of(DType.F32, rows, WIDTH)), transposed);
    }
    add(new Cast(DType.F32), weight);
  }

  private void addLayer(int tokens) {
    TensorView x = view(TensorSpec.of(DType.F32, tokens, WIDTH));
    TensorView row = view(TensorSpec.of(DType.F32, WIDTH));
    TensorView index = view(TensorSpec.of(DType.I32, tokens));
    add(new Gather(), view(TensorSpec.of(DType.BF16, 4, WIDTH)), index);
    add(new RmsNorm(1e-6f), x, row);
    add(new Binary(Binary.Kind.ADD), x, x);
    add(new Binary(Binary.Kind.ADD), x, row);
    add(new SwiGlu(), x, x);
    add(new LogSumExp(), x);
    add(new ArgReduce(ArgReduce.Kind.MAX, -1), x);
    for (int headDim : new int[] {64, 128}) {
      addAttention(tokens, headDim, index);
    }
  }

  private void addAttention(int tokens, int headDim, TensorView index) {
    TensorView query = view(TensorSpec.of(DType.F32, tokens, 4, headDim));
    TensorView angles = view(TensorSpec.of(DType.F32, tokens, headDim / 2));
    add(new Rope(), query, angles, angles);
    TensorView cache = view(TensorSpec.of(DType.F32, 4, 32, 2, headDim));
    TensorView slots =
        new TensorView(
            memory, cache.byteOffset(), DType.F32, Layout.contiguous(Shape.of(4 * 32, 2, headDim)));
    TensorView update = view(TensorSpec.of(DType.F32, tokens, 2, headDim));
    OpCall write =
        new OpCall(new Scatter(Scatter.Mode.SET), List.of(slots, index, update), List.of(slots));
    calls.add(write);
    TensorView positions = view(TensorSpec.of(DType.I32, tokens));
    calls.add(
        new OpCall(
            new dev.wick.engine.op.Iota(DType.I32, tokens, 40, 1), List.of(), List.of(positions)));
    FusedOp attention = new PagedAttention(0.1f, 0);
    add(attention, query, cache, cache, view(TensorSpec.of(DType.I32, 1, 4)), index, positions);
  }

  private void add(Op op, TensorView... operands) {
    List<TensorView> list = List.of(operands);
    List<TensorView> results =
        op.infer(list.stream().map(TensorView::spec).toList()).stream().map(this::view).toList();
    calls.add(new OpCall(op, list, results));
  }

  /** Zeroed memory, except where an earlier call of the list writes. */
  private TensorView view(TensorSpec spec) {
    TensorView view = new TensorView(memory, used, spec.dtype(), Layout.contiguous(spec.shape()));
    used += (spec.byteSize() + 63) & -64;
    return view;
  }

  void run() {
    long end = System.nanoTime() + BUDGET_NANOS;
    try (Recording recording = queue.record(calls)) {
      for (int i = 0; i < MAX_ROUNDS && System.nanoTime() - end < 0; i++) {
        if (Thread.currentThread().isInterrupted()) {
          return;
        }
        recording.run();
      }
    }
  }

  @Override
  public void close() {
    queue.close();
    memory.close();
  }
}
