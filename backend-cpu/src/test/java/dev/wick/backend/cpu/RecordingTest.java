package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.TopK;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecordingTest {
  private final CpuBackendProvider provider = new CpuBackendProvider();
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private Device device;
  private CommandQueue queue;

  @BeforeEach
  void open() {
    Probe.Available probe = (Probe.Available) provider.probe();
    device = provider.open(probe.devices().getFirst());
    queue = device.newQueue();
  }

  @AfterEach
  void close() {
    queue.close();
    buffers.forEach(DeviceBuffer::close);
    device.close();
  }

  @Test
  void run_recordedProducts_sameBitsAsSubmitted() {
    List<OpCall> calls = new ArrayList<>();
    for (int rows : new int[] {1, 3, 40}) {
      TensorView x = random(DType.F32, rows, 96);
      for (int outputs : new int[] {64, 32, 32}) {
        calls.add(call(new MatMul(), x, transposed(random(DType.BF16, outputs, 96))));
      }
    }
    calls.forEach(queue::submit);
    List<byte[]> expected = calls.stream().map(this::result).toList();
    calls.forEach(call -> clear(call.results().getFirst()));

    try (Recording recording = queue.record(calls)) {
      recording.run();
    }

    for (int i = 0; i < calls.size(); i++) {
      assertThat(result(calls.get(i))).as("product %d", i).isEqualTo(expected.get(i));
    }
  }

  @Test
  void run_productIntoPlaceOfNextWeight_keepsOrder() {
    TensorView x = random(DType.F32, 1, 32);
    TensorView first = transposed(random(DType.F32, 32, 32));
    TensorView second = transposed(random(DType.F32, 1, 32));
    TensorView overlapping =
        new TensorView(second.buffer(), 0, DType.F32, Layout.contiguous(shape(1, 32)));
    OpCall writesWeight = new OpCall(new MatMul(), List.of(x, first), List.of(overlapping));
    OpCall readsWeight = call(new MatMul(), x, second);
    byte[] weight = bytes(overlapping);
    queue.submit(writesWeight);
    queue.submit(readsWeight);
    byte[] expected = result(readsWeight);
    queue.upload(MemorySegment.ofArray(weight), overlapping.buffer(), 0);

    try (Recording recording = queue.record(List.of(writesWeight, readsWeight))) {
      recording.run();
    }

    assertThat(result(readsWeight)).isEqualTo(expected);
  }

  @Test
  void run_productIntoPlaceOfPreviousWeight_keepsOrder() {
    TensorView x = random(DType.F32, 1, 256);
    TensorView weight = random(DType.F32, 256, 256);
    OpCall readsWeight = call(new MatMul(), x, transposed(weight));
    TensorView overlapping =
        new TensorView(weight.buffer(), 0, DType.F32, Layout.contiguous(shape(1, 256)));
    OpCall writesWeight =
        new OpCall(
            new MatMul(),
            List.of(x, transposed(random(DType.F32, 256, 256))),
            List.of(overlapping));
    byte[] before = bytes(overlapping);
    queue.submit(readsWeight);
    byte[] expected = result(readsWeight);

    try (Recording recording = queue.record(List.of(readsWeight, writesWeight))) {
      for (int i = 0; i < 20; i++) {
        queue.upload(MemorySegment.ofArray(before), overlapping.buffer(), 0);
        recording.run();

        assertThat(result(readsWeight)).isEqualTo(expected);
      }
    }
  }

  @Test
  void run_inSteadyState_allocatesNothing() {
    List<OpCall> calls = step();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Recording recording = queue.record(calls)) {
      long best = Long.MAX_VALUE;
      // Until the compiler is done, interpreted vector code allocates; then nothing may.
      for (int attempt = 0; attempt < 400 && best > 0; attempt++) {
        for (int i = 0; i < 25; i++) {
          recording.run();
        }
        long before = threads.getTotalThreadAllocatedBytes();
        long mine = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10; i++) {
          recording.run();
        }
        long used = threads.getCurrentThreadAllocatedBytes() - mine;
        best = Math.min(best, Math.max(used, 0));
        assertThat(threads.getTotalThreadAllocatedBytes()).isGreaterThanOrEqualTo(before);
      }

      assertThat(best).as("bytes allocated by ten runs").isLessThan(1024);
    }
  }

  @Test
  void run_indexOutsideTable_namesOperationAndValue() {
    TensorView table = random(DType.F32, 4, 8);
    TensorView indices = ints(0, 4);
    OpCall gather = call(new Gather(), table, indices);

    try (Recording recording = queue.record(List.of(gather))) {
      assertThatThrownBy(recording::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("gather: expected indices in 0..3, got 4");
    }
  }

  @Test
  void run_blockOutsideCache_namesOperationAndValue() {
    TensorView cache = random(DType.F32, 2, 4, 1, 8);
    OpCall attention =
        call(
            new PagedAttention(1, 0),
            random(DType.F32, 1, 1, 8),
            cache,
            cache,
            view(TensorSpec.of(DType.I32, 1, 2), 0, 2),
            ints(0),
            ints(5));

    assertThatThrownBy(() -> queue.submit(attention))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("paged_attention: expected blocks in 0..1, got 2");
  }

  @Test
  void run_afterBufferWasClosed_isRefused() {
    TensorView x = random(DType.F32, 2, 8);
    OpCall call = call(new Softmax(), x);
    try (Recording recording = queue.record(List.of(call))) {
      x.buffer().close();

      assertThatThrownBy(recording::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("buffer: expected an open buffer, got a closed one of 64 bytes");
    }
  }

  /** What a decoder layer does for one token, and what follows the last one. */
  private List<OpCall> step() {
    List<OpCall> calls = new ArrayList<>();
    TensorView x = random(DType.F32, 1, 128);
    TensorView weight = transposed(random(DType.BF16, 128, 128));
    calls.add(call(new RmsNorm(1e-6f), x, random(DType.F32, 128)));
    calls.add(call(new MatMul(), x, weight));
    calls.add(call(new MatMul(), x, weight));
    calls.add(call(new MatMul(), random(DType.F32, 30, 128), weight));
    calls.add(call(new Iota(DType.F32, 1, 2, 0)));
    calls.add(call(new Binary(Binary.Kind.MUL), x, random(DType.F32, 1)));
    calls.add(call(new SwiGlu(), x, x));
    TensorView angles = random(DType.F32, 1, 16);
    TensorView query = random(DType.F32, 1, 4, 32);
    calls.add(call(new Rope(), query, angles, angles));
    TensorView cache = random(DType.F32, 8, 16, 2, 32);
    TensorView slots =
        new TensorView(cache.buffer(), 0, DType.F32, Layout.contiguous(shape(128, 2, 32)));
    TensorView row = random(DType.F32, 1, 2, 32);
    calls.add(
        new OpCall(new Scatter(Scatter.Mode.SET), List.of(slots, ints(100), row), List.of(slots)));
    TensorView table = view(TensorSpec.of(DType.I32, 1, 8), 0, 1, 2, 3, 4, 5, 6, 7);
    calls.add(call(new PagedAttention(0.2f, 0), query, cache, cache, table, ints(0), ints(100)));
    int[] zeros = new int[20];
    int[] positions = new int[20];
    Arrays.setAll(positions, i -> i + 50);
    calls.add(
        call(
            new PagedAttention(0.2f, 0),
            random(DType.F32, 20, 4, 32),
            cache,
            cache,
            table,
            ints(zeros),
            ints(positions)));
    TensorView expert = random(DType.BF16, 32, 128);
    calls.add(
        call(
            new ExpertMatMul(),
            random(DType.F32, 1, 1, 128),
            view(TensorSpec.of(DType.I32, 1, 2), 1, 0),
            expert,
            expert));
    TensorView logits = random(DType.F32, 1, 5000);
    calls.add(call(new Softmax(), logits));
    calls.add(call(new LogSumExp(), logits));
    calls.add(call(new ArgReduce(ArgReduce.Kind.MAX, -1), logits));
    calls.add(call(new TopK(40), logits));
    calls.add(call(new Gather(), random(DType.BF16, 10, 64), ints(3)));
    calls.add(call(new Copy(0), new TensorView(query.buffer(), 0, DType.F32, swapped(query))));
    return calls;
  }

  private static Layout swapped(TensorView view) {
    return view.layout().transpose(1, 2);
  }

  private static dev.wick.engine.tensor.Shape shape(long... extents) {
    return dev.wick.engine.tensor.Shape.of(extents);
  }

  private OpCall call(Op op, TensorView... operands) {
    List<TensorView> list = List.of(operands);
    List<TensorView> results =
        op.infer(list.stream().map(TensorView::spec).toList()).stream()
            .map(spec -> view(spec))
            .toList();
    return new OpCall(op, list, results);
  }

  private TensorView transposed(TensorView view) {
    return new TensorView(
        view.buffer(), view.byteOffset(), view.dtype(), view.layout().transpose(0, 1));
  }

  private TensorView ints(int... values) {
    return view(TensorSpec.of(DType.I32, values.length), values);
  }

  private TensorView view(TensorSpec spec, int... values) {
    DeviceBuffer buffer = device.allocate(spec.byteSize());
    buffers.add(buffer);
    queue.upload(MemorySegment.ofArray(values), buffer, 0);
    return new TensorView(buffer, 0, spec.dtype(), Layout.contiguous(spec.shape()));
  }

  private TensorView random(DType dtype, long... extents) {
    TensorView view = view(TensorSpec.of(dtype, extents));
    Random random = new Random(17);
    MemorySegment memory = view.buffer().hostView().orElseThrow();
    for (long i = 0; i < view.shape().size(); i++) {
      float value = random.nextFloat() - 0.5f;
      if (dtype == DType.F32) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      } else {
        memory.setAtIndex(
            ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
      }
    }
    return view;
  }

  private byte[] result(OpCall call) {
    return bytes(call.results().getFirst());
  }

  private byte[] bytes(TensorView view) {
    byte[] bytes = new byte[Math.toIntExact(view.spec().byteSize())];
    queue.download(view.buffer(), view.byteOffset(), MemorySegment.ofArray(bytes));
    return bytes;
  }

  private void clear(TensorView view) {
    view.buffer().hostView().orElseThrow().fill((byte) 0);
  }
}
