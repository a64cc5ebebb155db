package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Rules about commands: their order, and the memory they share. */
final class QueueSection {
  private final Fixture fixture;

  QueueSection(Fixture fixture) {
    this.fixture = fixture;
  }

  private Device device() {
    return fixture.device();
  }

  /** Each product reads what the one before it wrote; out of order, numbers would be others. */
  void commandsRunInOrder() {
    int n = 48;
    int steps = 60;
    RandomGenerator random = fixture.seed().generator("order");
    HostTensor start = HostTensor.normal(random, DType.F32, n, n);
    HostTensor turn = rotation(n);
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer factor = upload(queue, turn);
        DeviceBuffer even = upload(queue, start);
        DeviceBuffer odd = device().allocate(start.bytes().length)) {
      for (int i = 0; i < steps; i++) {
        TensorView from = matrix(i % 2 == 0 ? even : odd, n);
        TensorView to = matrix(i % 2 == 0 ? odd : even, n);
        queue.submit(new OpCall(new MatMul(), List.of(from, matrix(factor, n)), List.of(to)));
      }
      HostTensor result = HostTensor.zeros(start.spec());
      queue.download(even, 0, result.segment());
      // The factor moves columns by one, exactly.
      HostTensor expected =
          HostTensor.of(
              start.spec(), i -> start.number(i / n * n + Math.floorMod(i % n - steps, n)));
      Tolerance.EXACT.difference(expected, result).ifPresent(QueueSection::fail);
    }
  }

  private static HostTensor rotation(int n) {
    return HostTensor.of(TensorSpec.of(DType.F32, n, n), i -> (i / n + 1) % n == i % n ? 1 : 0);
  }

  void uploadsKeepTheirPlaceInOrder() {
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer x = device().allocate(4096);
        DeviceBuffer first = device().allocate(4096);
        DeviceBuffer second = device().allocate(4096)) {
      float[] host = new float[1024];
      Arrays.fill(host, 1);
      queue.upload(MemorySegment.ofArray(host), x, 0);
      queue.submit(negate(x, first));
      Arrays.fill(host, 2);
      queue.upload(MemorySegment.ofArray(host), x, 0);
      Arrays.fill(host, 3);
      queue.submit(negate(x, second));
      check(lastOf(queue, first) == -1, "-1 from before the second upload", lastOf(queue, first));
      check(lastOf(queue, second) == -2, "-2 from after it", lastOf(queue, second));
    }
  }

  private static OpCall negate(DeviceBuffer from, DeviceBuffer to) {
    Op op = new Unary(Unary.Kind.NEG);
    return new OpCall(op, List.of(vector(from, 0, 1024)), List.of(vector(to, 0, 1024)));
  }

  private static float lastOf(CommandQueue queue, DeviceBuffer buffer) {
    MemorySegment last = MemorySegment.ofArray(new float[1]);
    queue.download(buffer, 4092, last);
    return last.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
  }

  /** Programs keep all their values in one buffer. */
  void operandsAndResultsShareABuffer() {
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer arena = device().allocate(4L * 600)) {
      float[] host = new float[600];
      for (int i = 0; i < 200; i++) {
        host[i] = i;
      }
      queue.upload(MemorySegment.ofArray(host), arena, 0);
      // The same elements as both operands, the result right behind them.
      TensorView x = vector(arena, 0, 200);
      queue.submit(
          new OpCall(new Binary(Binary.Kind.MUL), List.of(x, x), List.of(vector(arena, 200, 200))));
      queue.submit(
          new OpCall(
              new Copy(0),
              List.of(vector(arena, 200, 100), vector(arena, 0, 100)),
              List.of(vector(arena, 400, 200))));
      queue.download(arena, 0, MemorySegment.ofArray(host));
      for (int i = 0; i < 200; i++) {
        float square = (float) i * i;
        check(host[i] == i, "operands as they were", host[i]);
        check(host[200 + i] == square, square, host[200 + i]);
        float copied = i < 100 ? square : i - 100;
        check(host[400 + i] == copied, copied, host[400 + i]);
      }
    }
  }

  /** What one queue has finished, another sees. */
  void queuesShareBuffers() {
    try (CommandQueue writer = device().newQueue();
        CommandQueue reader = device().newQueue();
        DeviceBuffer x = device().allocate(4096);
        DeviceBuffer y = device().allocate(4096)) {
      float[] host = new float[1024];
      for (int round = 1; round < 20; round++) {
        Arrays.fill(host, round);
        writer.upload(MemorySegment.ofArray(host), x, 0);
        writer.synchronize();
        reader.submit(negate(x, y));
        reader.synchronize();
        check(lastOf(writer, y) == -round, -round, lastOf(writer, y));
      }
    }
  }

  private DeviceBuffer upload(CommandQueue queue, HostTensor tensor) {
    DeviceBuffer buffer = device().allocate(tensor.bytes().length);
    queue.upload(tensor.segment(), buffer, 0);
    return buffer;
  }

  private static TensorView matrix(DeviceBuffer buffer, int n) {
    return new TensorView(buffer, 0, DType.F32, Layout.contiguous(Shape.of(n, n)));
  }

  private static TensorView vector(DeviceBuffer buffer, long from, long length) {
    return new TensorView(buffer, 4 * from, DType.F32, Layout.contiguous(Shape.of(length)));
  }

  private static void fail(String message) {
    throw new AssertionError(message);
  }
}
