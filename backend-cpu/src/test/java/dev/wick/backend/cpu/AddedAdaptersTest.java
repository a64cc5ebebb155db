package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.op.LoraMatMul;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Products and what adapters add to them are one kernel, with the same bits as several. */
class AddedAdaptersTest {
  private static final int IN = 96;
  private static final int OUT = 1100;
  private static final int RANK = 8;
  private static final int POOL = 2 * (RANK * (IN + OUT) + 2 * OUT);
  private static final int FLOATS = 40 * (IN + 3 * OUT);

  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private Device device;
  private CommandQueue queue;
  private DeviceBuffer memory;
  private DeviceBuffer weights;
  private DeviceBuffer pool;

  @BeforeEach
  void open() {
    CpuBackendProvider provider = new CpuBackendProvider();
    device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    queue = device.newQueue();
    memory = floats(new float[FLOATS]);
    weights = floats(random(3 * IN * OUT, 2));
    pool = floats(random(POOL, 3));
  }

  @AfterEach
  void close() {
    queue.close();
    buffers.forEach(DeviceBuffer::close);
    device.close();
  }

  private DeviceBuffer buffer(MemorySegment content) {
    DeviceBuffer buffer = device.allocate(content.byteSize());
    buffers.add(buffer);
    queue.upload(content, buffer, 0);
    return buffer;
  }

  private DeviceBuffer floats(float... values) {
    return buffer(MemorySegment.ofArray(values));
  }

  private static float[] random(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private static TensorView view(DeviceBuffer buffer, long first, DType dtype, long... extents) {
    return new TensorView(buffer, 4 * first, dtype, Layout.contiguous(Shape.of(extents)));
  }

  private TensorView x(int rows) {
    return view(memory, 0, DType.F32, rows, IN);
  }

  private TensorView y(int rows, int number) {
    return view(memory, (long) rows * (IN + number * OUT), DType.F32, rows, OUT);
  }

  private OpCall product(TensorView x, int number, TensorView y) {
    TensorView stored = view(weights, (long) number * IN * OUT, DType.F32, OUT, IN);
    TensorView weight =
        new TensorView(
            stored.buffer(), stored.byteOffset(), DType.F32, stored.layout().transpose(0, 1));
    return new OpCall(new MatMul(), List.of(x, weight), List.of(y));
  }

  /** One adapter on the first rows and a weight-decomposed one with a bias on the last. */
  private OpCall added(TensorView x, TensorView y, int rank) {
    int rows = Math.toIntExact(x.shape().extent(0));
    int split = (rows + 1) / 2;
    int b = RANK * IN / LoraMatMul.UNIT;
    int rescale = b + RANK * OUT / LoraMatMul.UNIT;
    int bias = rescale + (OUT + LoraMatMul.UNIT - 1) / LoraMatMul.UNIT;
    int[] segments = {0, split, split - 1, rows - split + 1};
    int[] places = {0, b, rank, -1, -1, 1, b + 1, RANK / 2, rescale, bias};
    List<TensorView> operands =
        List.of(
            x,
            y,
            view(pool, 0, DType.F32, POOL),
            view(buffer(MemorySegment.ofArray(segments)), 0, DType.I32, 2, 2),
            view(buffer(MemorySegment.ofArray(places)), 0, DType.I32, 2, 5),
            view(floats(0.7f, -1.5f), 0, DType.F32, 2));
    return new OpCall(new LoraMatMul(RANK), operands, List.of(y));
  }

  private OpCall added(TensorView x, TensorView y) {
    return added(x, y, RANK);
  }

  private byte[] content() {
    byte[] bytes = new byte[4 * FLOATS];
    queue.download(memory, 0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Records calls, checks what memory holds afterwards, and returns the number of kernels. */
  private int kernels(List<OpCall> calls) {
    MemorySegment start = MemorySegment.ofArray(random(FLOATS, 1));
    queue.upload(start, memory, 0);
    calls.forEach(queue::submit);
    byte[] expected = content();
    queue.upload(start, memory, 0);
    try (CpuRecording recording = (CpuRecording) queue.record(calls)) {
      recording.run();

      assertThat(Arrays.mismatch(content(), expected)).as("first byte that differs").isEqualTo(-1);
      return recording.kernels();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10, 40})
  void record_productsOfTheSameRowsAndTheirAdapters_areOneKernel(int rows) {
    TensorView x = x(rows);
    List<OpCall> calls =
        List.of(
            product(x, 0, y(rows, 0)),
            product(x, 1, y(rows, 1)),
            product(x, 2, y(rows, 2)),
            added(x, y(rows, 0)),
            added(x, y(rows, 2)));

    assertThat(kernels(calls)).isEqualTo(1);
  }

  @Test
  void record_adapterOfOtherRowsThanTheProduct_staysOfItsOwn() {
    TensorView other = view(memory, 20 * (IN + 3 * OUT), DType.F32, 5, IN);

    assertThat(kernels(List.of(product(x(5), 0, y(5, 0)), added(other, y(5, 0))))).isEqualTo(2);
  }

  @Test
  void record_adapterOnWhatNoProductGives_staysOfItsOwn() {
    assertThat(kernels(List.of(product(x(5), 0, y(5, 0)), added(x(5), y(5, 1))))).isEqualTo(2);
  }

  @Test
  void record_secondAdapterOnTheSameProduct_staysOfItsOwn() {
    List<OpCall> calls =
        List.of(product(x(5), 0, y(5, 0)), added(x(5), y(5, 0)), added(x(5), y(5, 0)));

    assertThat(kernels(calls)).isEqualTo(2);
  }

  @Test
  void run_rankBeyondTheLargest_failsAndTheQueueStaysUsable() {
    List<OpCall> wrong = List.of(product(x(5), 0, y(5, 0)), added(x(5), y(5, 0), RANK + 1));
    try (CpuRecording recording = (CpuRecording) queue.record(wrong)) {
      assertThatThrownBy(recording::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("lora_mat_mul: expected ranks in 0..%d, got %d", RANK, RANK + 1);
    }

    assertThat(kernels(List.of(product(x(5), 0, y(5, 0)), added(x(5), y(5, 0))))).isEqualTo(1);
  }
}
