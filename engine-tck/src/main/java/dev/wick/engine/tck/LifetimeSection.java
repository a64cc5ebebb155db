package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;
import static dev.wick.engine.tck.Checks.failure;

import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceMemoryException;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Rules about buffers, queues and devices: who owns them, and what closing does. */
final class LifetimeSection {
  private final Fixture fixture;

  LifetimeSection(Fixture fixture) {
    this.fixture = fixture;
  }

  void allocatedMemoryIsZeroed() {
    // Twice, as the second time the memory may be one that was used.
    for (int round = 0; round < 2; round++) {
      for (int size : new int[] {1, 3, 64, 4097, 1 << 20}) {
        try (DeviceBuffer buffer = device().allocate(size);
            CommandQueue queue = device().newQueue()) {
          check(buffer.byteSize() == size, size + " bytes", buffer.byteSize());
          byte[] content = download(queue, buffer, 0, size);
          for (byte b : content) {
            check(b == 0, "zeros in new memory", b);
          }
          Arrays.fill(content, (byte) 7);
          queue.upload(MemorySegment.ofArray(content), buffer, 0);
          queue.synchronize();
        }
      }
    }
  }

  void allocatedMemoryIsAligned() {
    for (int size : new int[] {1, 65, 1000, 4096}) {
      try (DeviceBuffer buffer = device().allocate(size)) {
        buffer
            .hostView()
            .ifPresent(
                memory -> {
                  check(memory.byteSize() == size, size + " bytes in sight", memory.byteSize());
                  check(memory.address() % 64 == 0, "alignment to 64 bytes", memory);
                });
      }
    }
  }

  void impossibleSizesFail() {
    failure(IllegalArgumentException.class, "allocate(-1)", () -> device().allocate(-1).close());
    DeviceMemoryException exhausted =
        failure(
            DeviceMemoryException.class,
            "allocate(2^60)",
            () -> device().allocate(1L << 60).close());
    check(
        exhausted.requestedBytes() == 1L << 60, "the bytes asked for", exhausted.requestedBytes());
    allocatedMemoryIsAligned();
  }

  void bufferCloseIsIdempotent() {
    DeviceBuffer buffer = device().allocate(100);
    buffer.close();
    buffer.close();
    try (Device other = fixture.openAnother()) {
      DeviceBuffer first = other.allocate(10);
      DeviceBuffer second = other.allocate(20);
      first.close();
      first.close();
      failure(IllegalStateException.class, "close with one open buffer", other::close);
      second.close();
    }
  }

  void bufferUseAfterCloseFails() {
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer open = device().allocate(64)) {
      DeviceBuffer closed = device().allocate(64);
      closed.close();
      MemorySegment host = MemorySegment.ofArray(new byte[64]);
      failure(IllegalStateException.class, "upload", () -> queue.upload(host, closed, 0));
      failure(IllegalStateException.class, "download", () -> queue.download(closed, 0, host));
      failure(IllegalStateException.class, "hostView", closed::hostView);
      failure(IllegalStateException.class, "submit from", () -> queue.submit(negate(closed, open)));
      failure(IllegalStateException.class, "submit to", () -> queue.submit(negate(open, closed)));
      queue.upload(host, open, 0);
      queue.submit(negate(open, open));
      queue.synchronize();
    }
  }

  private static OpCall negate(DeviceBuffer from, DeviceBuffer to) {
    return new OpCall(
        new Unary(Unary.Kind.NEG), List.of(vector(from, 16)), List.of(vector(to, 16)));
  }

  private static TensorView vector(DeviceBuffer buffer, long length) {
    return new TensorView(
        buffer, 0, DType.F32, Layout.contiguous(TensorSpec.of(DType.F32, length).shape()));
  }

  /** Products long enough to be under way when their operands are closed. */
  void closeWhileWorkIsPending() {
    RandomGenerator random = fixture.seed().generator("pending");
    HostTensor a = HostTensor.normal(random, DType.F32, 64, 512);
    HostTensor b = HostTensor.normal(random, DType.F32, 512, 256);
    List<HostTensor> expected = fixture.oracle().results(new MatMul(), List.of(plain(a), plain(b)));
    Tolerance tolerance = new Tolerance(512);
    try (CommandQueue queue = device().newQueue();
        DeviceBuffer result = device().allocate(expected.getFirst().bytes().length)) {
      for (int round = 0; round < 8; round++) {
        DeviceBuffer left = upload(queue, a);
        DeviceBuffer right = upload(queue, b);
        TensorView out =
            new TensorView(
                result, 0, DType.F32, Layout.contiguous(expected.getFirst().spec().shape()));
        queue.submit(
            new OpCall(
                new MatMul(), List.of(plain(a).view(left), plain(b).view(right)), List.of(out)));
        left.close();
        right.close();
        // Memory that is given back too early would be taken and overwritten by these.
        overwrite(queue, a.bytes().length);
        overwrite(queue, b.bytes().length);
        byte[] bytes = download(queue, result, 0, expected.getFirst().bytes().length);
        tolerance
            .difference(expected.getFirst(), new HostTensor(expected.getFirst().spec(), bytes))
            .ifPresent(
                difference -> {
                  throw new AssertionError(difference);
                });
      }
    }
  }

  private void overwrite(CommandQueue queue, int size) {
    try (DeviceBuffer buffer = device().allocate(size)) {
      byte[] content = new byte[size];
      Arrays.fill(content, (byte) 0x40);
      queue.upload(MemorySegment.ofArray(content), buffer, 0);
    }
  }

  private DeviceBuffer upload(CommandQueue queue, HostTensor tensor) {
    DeviceBuffer buffer = device().allocate(tensor.bytes().length);
    queue.upload(tensor.segment(), buffer, 0);
    return buffer;
  }

  private PlacedTensor plain(HostTensor tensor) {
    return Placement.PLAIN.place(tensor, fixture.seed().generator("plain"));
  }

  void deviceCloseWithOpenBuffersFails() {
    try (Device other = fixture.openAnother()) {
      List<DeviceBuffer> buffers = new ArrayList<>();
      buffers.add(other.allocate(1000));
      buffers.add(other.allocate(234));
      try {
        IllegalStateException refused =
            failure(IllegalStateException.class, "close with open buffers", other::close);
        String message = String.valueOf(refused.getMessage());
        check(
            message.contains("2") && message.contains("1234"),
            "the count 2 and the bytes 1234 in the message",
            message);
        // The device goes on.
        try (CommandQueue queue = other.newQueue()) {
          queue.upload(MemorySegment.ofArray(new byte[234]), buffers.get(1), 0);
          queue.synchronize();
        }
      } finally {
        buffers.forEach(DeviceBuffer::close);
      }
    }
  }

  void deviceUseAfterCloseFails() {
    Device other = fixture.openAnother();
    other.close();
    other.close();
    failure(IllegalStateException.class, "allocate", () -> other.allocate(1).close());
    failure(IllegalStateException.class, "newQueue", () -> other.newQueue().close());
    check(device().info().equals(fixture.info()), "info() to stay", device().info());
  }

  void queueCloseIsIdempotentAndFinal() {
    try (DeviceBuffer buffer = device().allocate(64)) {
      CommandQueue queue = device().newQueue();
      queue.submit(negate(buffer, buffer));
      queue.close();
      queue.close();
      MemorySegment host = MemorySegment.ofArray(new byte[64]);
      failure(IllegalStateException.class, "submit", () -> queue.submit(negate(buffer, buffer)));
      failure(IllegalStateException.class, "upload", () -> queue.upload(host, buffer, 0));
      failure(IllegalStateException.class, "download", () -> queue.download(buffer, 0, host));
      failure(IllegalStateException.class, "synchronize", queue::synchronize);
    }
  }

  void transfersReachEveryByte() {
    RandomGenerator random = fixture.seed().generator("transfers");
    byte[] shadow = new byte[1000];
    try (DeviceBuffer buffer = device().allocate(shadow.length);
        CommandQueue queue = device().newQueue();
        Arena arena = Arena.ofConfined()) {
      for (int round = 0; round < 50; round++) {
        int from = random.nextInt(shadow.length + 1);
        byte[] part = new byte[random.nextInt(shadow.length - from + 1)];
        random.nextBytes(part);
        System.arraycopy(part, 0, shadow, from, part.length);
        MemorySegment source = MemorySegment.ofArray(part);
        if (round % 2 == 0) {
          // Not aligned to anything.
          source = arena.allocate(part.length + 1L).asSlice(1).copyFrom(source);
        }
        queue.upload(source, buffer, from);
        source.fill((byte) 0); // the source may be used again at once
        int at = random.nextInt(shadow.length);
        int length = random.nextInt(shadow.length - at);
        check(
            Arrays.equals(
                download(queue, buffer, at, length), Arrays.copyOfRange(shadow, at, at + length)),
            "what was uploaded",
            "other bytes at %d + %d".formatted(at, length));
      }
      MemorySegment host = MemorySegment.ofArray(new byte[10]);
      for (long offset : new long[] {-1, 991, 1000, Long.MAX_VALUE}) {
        failure(
            IllegalArgumentException.class,
            "upload at " + offset,
            () -> queue.upload(host, buffer, offset));
        failure(
            IllegalArgumentException.class,
            "download at " + offset,
            () -> queue.download(buffer, offset, host));
      }
    }
  }

  void wrappedMemoryIsReadAsItIs() {
    RandomGenerator random = fixture.seed().generator("wrap");
    try (Arena arena = Arena.ofShared()) {
      for (int offset : new int[] {0, 8, 4, 2}) {
        HostTensor weight = HostTensor.normal(random, DType.BF16, 33, 7);
        MemorySegment mapped =
            arena
                .allocate(weight.bytes().length + 64, 64)
                .asSlice(offset, weight.bytes().length)
                .copyFrom(weight.segment());
        try (DeviceBuffer buffer = device().wrap(mapped.asReadOnly());
            CommandQueue queue = device().newQueue()) {
          check(
              buffer.byteSize() == mapped.byteSize(),
              mapped.byteSize() + " bytes",
              buffer.byteSize());
          check(
              Arrays.equals(download(queue, buffer, 0, weight.bytes().length), weight.bytes()),
              "the wrapped bytes",
              "others");
        }
      }
    }
  }

  private static byte[] download(CommandQueue queue, DeviceBuffer buffer, long at, int length) {
    byte[] content = new byte[length];
    queue.download(buffer, at, MemorySegment.ofArray(content));
    return content;
  }

  private Device device() {
    return fixture.device();
  }
}
