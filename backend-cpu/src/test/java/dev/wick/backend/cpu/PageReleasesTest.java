package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.op.MatMul;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Recordings that keep a share of mapped weights in memory. */
class PageReleasesTest {
  private static final int WIDTH = 512;
  private static final int WEIGHTS = 8;
  private static final long WEIGHT_BYTES = 2L * WIDTH * WIDTH;

  @TempDir Path folder;

  private final CpuBackendProvider provider = new CpuBackendProvider();
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final Arena arena = Arena.ofShared();
  private MemorySegment mapping = MemorySegment.NULL;
  private Device device;
  private CommandQueue queue;

  @BeforeEach
  void open() throws IOException {
    Probe.Available probe = (Probe.Available) provider.probe();
    device = provider.open(probe.devices().getFirst());
    queue = device.newQueue();
    Path file = folder.resolve("weights");
    ByteBuffer bytes = ByteBuffer.allocate((int) (WEIGHTS * WEIGHT_BYTES));
    bytes.order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(3);
    while (bytes.hasRemaining()) {
      bytes.putShort(BFloat16.fromFloat((float) random.nextGaussian() / 20));
    }
    Files.write(file, bytes.array());
    try (FileChannel channel = FileChannel.open(file)) {
      mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  @AfterEach
  void close() {
    queue.close();
    buffers.forEach(DeviceBuffer::close);
    device.close();
    arena.close();
  }

  @Test
  void run_someWeightsResident_sameBitsEveryTime() {
    List<OpCall> calls = chain();
    calls.forEach(queue::submit);
    byte[] expected = result(calls);

    try (Recording recording = queue.record(calls, 0.4)) {
      for (int run = 0; run < 3; run++) {
        calls.getLast().results().getFirst().buffer().hostView().orElseThrow().fill((byte) 0);
        recording.run();

        assertThat(result(calls)).as("run %d", run).isEqualTo(expected);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void run_someWeightsResident_givesOthersBack() throws IOException {
    try (Recording all = queue.record(chain(), 1);
        Recording some = queue.record(chain(), 0.4)) {
      all.run();
      assertThat(residentBytes()).as("all").isGreaterThanOrEqualTo(WEIGHTS * WEIGHT_BYTES);

      some.run();

      // A page at each end of what was given back stays, and reading one brings in its neighbours.
      assertThat(residentBytes()).as("some").isLessThan(WEIGHTS * WEIGHT_BYTES * 6 / 10);
    }
  }

  /** Products by one weight after another. */
  private List<OpCall> chain() {
    List<OpCall> calls = new ArrayList<>();
    TensorView x = own();
    float[] values = new float[2 * WIDTH];
    Random random = new Random(4);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    queue.upload(MemorySegment.ofArray(values), x.buffer(), 0);
    for (int i = 0; i < WEIGHTS; i++) {
      DeviceBuffer weight = device.wrap(mapping.asSlice(i * WEIGHT_BYTES, WEIGHT_BYTES));
      buffers.add(weight);
      TensorView rows =
          new TensorView(weight, 0, DType.BF16, Layout.contiguous(Shape.of(WIDTH, WIDTH)));
      TensorView columns = new TensorView(weight, 0, DType.BF16, rows.layout().transpose(0, 1));
      TensorView y = own();
      calls.add(new OpCall(new MatMul(), List.of(x, columns), List.of(y)));
      x = y;
    }
    return calls;
  }

  private TensorView own() {
    DeviceBuffer buffer = device.allocate(4L * 2 * WIDTH);
    buffers.add(buffer);
    return new TensorView(buffer, 0, DType.F32, Layout.contiguous(Shape.of(2, WIDTH)));
  }

  private byte[] result(List<OpCall> calls) {
    TensorView view = calls.getLast().results().getFirst();
    return view.buffer().hostView().orElseThrow().toArray(ValueLayout.JAVA_BYTE);
  }

  private long residentBytes() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("/proc/self/smaps"));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(Long.toHexString(mapping.address()) + "-")) {
        return lines.subList(i, lines.size()).stream()
            .filter(line -> line.startsWith("Rss:"))
            .findFirst()
            .map(line -> 1024L * Long.parseLong(line.replaceAll("[^0-9]", "")))
            .orElseThrow();
      }
    }
    throw new AssertionError("no mapping at " + Long.toHexString(mapping.address()));
  }
}
