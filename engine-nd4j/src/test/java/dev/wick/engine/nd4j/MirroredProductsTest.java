package dev.wick.engine.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A kept copy of a weight is used until the weight changes, and not after. */
class MirroredProductsTest {
  private Device device;
  private CommandQueue queue;
  private DeviceBuffer x;
  private DeviceBuffer weight;
  private DeviceBuffer result;

  @BeforeEach
  void open() {
    ConfiguredProvider provider = new ConfiguredProvider(new Compiler(0, new MirroredProducts()));
    Probe.Available found = (Probe.Available) provider.probe();
    device = provider.open(found.devices().getFirst());
    queue = device.newQueue();
    x = buffer(1, 2);
    weight = buffer(1, 2, 3, 4);
    result = buffer(0, 0);
  }

  @AfterEach
  void close() {
    queue.close();
    List.of(x, weight, result).forEach(DeviceBuffer::close);
    device.close();
  }

  @Test
  void product_ofAnUploadedWeight_followsTheUpload() {
    try (Recording product = queue.record(List.of(product()))) {
      product.run();
      assertThat(floats(result)).containsExactly(7, 10);

      queue.upload(MemorySegment.ofArray(new float[] {5, 6, 7, 8}), weight, 0);
      product.run();

      assertThat(floats(result)).containsExactly(19, 22);
    }
  }

  @Test
  void product_ofAComputedWeight_followsEachComputation() {
    OpCall negate =
        new OpCall(
            new Unary(Unary.Kind.NEG), List.of(view(weight, 2, 2)), List.of(view(weight, 2, 2)));
    try (Recording twice = queue.record(List.of(negate, product(), negate, product()))) {
      twice.run();

      assertThat(floats(result)).containsExactly(7, 10);
    }
    try (Recording once = queue.record(List.of(negate, product()))) {
      once.run();

      assertThat(floats(result)).containsExactly(-7, -10);
    }
  }

  @Test
  void product_again_keepsTheCopyOfTheWeight() {
    Nd4jBuffer buffer = (Nd4jBuffer) weight;
    Mirror mirror = buffer.mirror(Operand.of(view(weight, 2, 2)).host());

    queue.submit(product());

    assertThat(
            mirror
                .array(
                    buffer.writes(),
                    () -> {
                      throw new AssertionError("expected a copy, got none");
                    })
                .data()
                .asFloat())
        .containsExactly(1, 2, 3, 4);
  }

  private OpCall product() {
    return new OpCall(
        new MatMul(), List.of(view(x, 1, 2), view(weight, 2, 2)), List.of(view(result, 1, 2)));
  }

  private static TensorView view(DeviceBuffer buffer, long... extents) {
    return new TensorView(buffer, 0, DType.F32, Layout.contiguous(Shape.of(extents)));
  }

  private DeviceBuffer buffer(float... elements) {
    DeviceBuffer buffer = device.allocate(4L * elements.length);
    queue.upload(MemorySegment.ofArray(elements), buffer, 0);
    return buffer;
  }

  private float[] floats(DeviceBuffer buffer) {
    float[] elements = new float[(int) buffer.byteSize() / 4];
    queue.download(buffer, 0, MemorySegment.ofArray(elements));
    return elements;
  }
}
