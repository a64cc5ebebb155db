package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.RmsNorm;
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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A sum and its norm are one kernel where memory allows it, with the same bits as two. */
class SumAndNormTest {
  private static final int N = 900;
  private static final int FLOATS = 40 * N;

  private Device device;
  private CommandQueue queue;
  private DeviceBuffer memory;
  private DeviceBuffer weight;

  @BeforeEach
  void open() {
    CpuBackendProvider provider = new CpuBackendProvider();
    device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    queue = device.newQueue();
    memory = device.allocate(4L * FLOATS);
    weight = device.allocate(4L * N);
    fill(weight, N, 3);
  }

  @AfterEach
  void close() {
    queue.close();
    memory.close();
    weight.close();
    device.close();
  }

  private void fill(DeviceBuffer buffer, int floats, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[floats];
    for (int i = 0; i < floats; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    queue.upload(MemorySegment.ofArray(values), buffer, 0);
  }

  private TensorView rows(int rows, int firstFloat) {
    return new TensorView(memory, 4L * firstFloat, DType.F32, Layout.contiguous(Shape.of(rows, N)));
  }

  private TensorView weight() {
    return new TensorView(weight, 0, DType.F32, Layout.contiguous(Shape.of(N)));
  }

  private byte[] content() {
    byte[] bytes = new byte[4 * FLOATS];
    queue.download(memory, 0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  /** Records both, checks what memory holds afterwards, and returns the number of kernels. */
  private int kernels(TensorView a, TensorView b, TensorView sum, TensorView norm) {
    List<OpCall> calls =
        List.of(
            new OpCall(new Binary(Binary.Kind.ADD), List.of(a, b), List.of(sum)),
            new OpCall(new RmsNorm(1e-6f), List.of(sum, weight()), List.of(norm)));
    fill(memory, FLOATS, 1);
    calls.forEach(queue::submit);
    byte[] expected = content();
    fill(memory, FLOATS, 1);
    try (CpuRecording recording = (CpuRecording) queue.record(calls)) {
      recording.run();

      assertThat(Arrays.mismatch(content(), expected)).as("first byte that differs").isEqualTo(-1);
      return recording.kernels();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 10})
  void record_placesApart_areOneKernel(int rows) {
    int size = rows * N;

    assertThat(kernels(rows(rows, 0), rows(rows, size), rows(rows, 2 * size), rows(rows, 3 * size)))
        .isEqualTo(1);
  }

  @Test
  void record_sumOverItsTermAndNormOverTheOther_areOneKernel() {
    TensorView a = rows(10, 0);
    TensorView b = rows(10, 10 * N);

    assertThat(kernels(a, b, a, b)).isEqualTo(1);
  }

  @Test
  void record_normOverRowsOfTermsYetToBeAdded_stayTwoKernels() {
    TensorView a = rows(10, 0);
    TensorView b = rows(10, 10 * N);

    assertThat(kernels(a, b, rows(10, 25 * N), rows(10, 11 * N))).isEqualTo(2);
  }

  @Test
  void record_sumOfRowsAndOneRow_stayTwoKernels() {
    TensorView a = rows(10, 0);
    TensorView row = new TensorView(memory, 40L * N, DType.F32, Layout.contiguous(Shape.of(N)));

    assertThat(kernels(a, row, rows(10, 20 * N), rows(10, 30 * N))).isEqualTo(2);
  }
}
