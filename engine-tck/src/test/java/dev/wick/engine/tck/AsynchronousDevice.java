package dev.wick.engine.tck;

import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.EngineException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The reference device as a GPU would be: commands wait until somebody asks for results, the host
 * sees no memory, errors surface late and break the queue. One lock serialises the device.
 */
final class AsynchronousDevice implements Device {
  /** Mistakes that only an asynchronous device can make. */
  enum Mistake {
    NONE,
    /** Gives memory back although work is pending that needs it. */
    FREES_EARLY,
    /** Reads the source of an upload when its turn comes. */
    UPLOADS_LATE,
    /** Runs what is waiting in the wrong order. */
    REVERSES,
    /** Does not wait where it should. */
    DOES_NOT_WAIT,
    /** Forgets the error once it has been told. */
    LOSES_ERRORS
  }

  private final Device reference;
  private final Mistake mistake;
  private final Object lock = new Object();
  private int openBuffers;
  private long openBytes;

  AsynchronousDevice(Device reference) {
    this(reference, Mistake.NONE);
  }

  AsynchronousDevice(Device reference, Mistake mistake) {
    this.reference = reference;
    this.mistake = mistake;
  }

  @Override
  public DeviceInfo info() {
    return reference.info();
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return reference.supports(op, operands);
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    synchronized (lock) {
      Buffer buffer = new Buffer(reference.allocate(byteSize));
      openBuffers++;
      openBytes += byteSize;
      return buffer;
    }
  }

  @Override
  public CommandQueue newQueue() {
    synchronized (lock) {
      return new Queue(reference.newQueue());
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (openBuffers > 0) {
        throw new IllegalStateException(
            "close: expected no open buffers, got %d with %d bytes"
                .formatted(openBuffers, openBytes));
      }
      reference.close();
    }
  }

  /** Closed at once for its owner, freed when no pending command names it. */
  private final class Buffer implements DeviceBuffer {
    private final DeviceBuffer memory;
    private int pending;
    private boolean closed;

    Buffer(DeviceBuffer memory) {
      this.memory = memory;
    }

    @Override
    public long byteSize() {
      return memory.byteSize();
    }

    @Override
    public Optional<MemorySegment> hostView() {
      checkOpen();
      return Optional.empty();
    }

    void checkOpen() {
      if (closed) {
        throw new IllegalStateException("buffer: expected an open one, got a closed one");
      }
    }

    void done() {
      if (--pending == 0 && closed) {
        memory.close();
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        if (closed) {
          return;
        }
        closed = true;
        openBuffers--;
        openBytes -= byteSize();
        if (pending == 0 || mistake == Mistake.FREES_EARLY) {
          memory.close();
        }
      }
    }
  }

  private record Command(Runnable work, List<Buffer> buffers) {}

  private final class Queue implements CommandQueue {
    private final CommandQueue queue;
    private final List<Command> waiting = new ArrayList<>();
    private Optional<RuntimeException> failure = Optional.empty();
    private boolean closed;

    Queue(CommandQueue queue) {
      this.queue = queue;
    }

    private void enqueue(Runnable work, List<Buffer> buffers) {
      buffers.forEach(Buffer::checkOpen);
      buffers.forEach(buffer -> buffer.pending++);
      waiting.add(new Command(work, buffers));
    }

    @Override
    public void submit(OpCall call) {
      synchronized (lock) {
        checkUsable();
        List<TensorSpec> specs = call.operands().stream().map(TensorView::spec).toList();
        if (!supports(call.op(), specs)) {
          throw new UnsupportedOpException(info().id(), call.op(), specs, "run it elsewhere");
        }
        List<Buffer> buffers = new ArrayList<>();
        List<TensorView> operands = unwrapped(call.operands(), buffers);
        List<TensorView> results = unwrapped(call.results(), buffers);
        enqueue(() -> queue.submit(new OpCall(call.op(), operands, results)), buffers);
      }
    }

    private static List<TensorView> unwrapped(List<TensorView> views, List<Buffer> buffers) {
      List<TensorView> result = new ArrayList<>();
      for (TensorView view : views) {
        Buffer buffer = (Buffer) view.buffer();
        buffers.add(buffer);
        result.add(new TensorView(buffer.memory, view.byteOffset(), view.dtype(), view.layout()));
      }
      return result;
    }

    @Override
    public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
      synchronized (lock) {
        checkUsable();
        checkRange(source.byteSize(), target, targetOffset);
        MemorySegment staged =
            mistake == Mistake.UPLOADS_LATE
                ? source
                : MemorySegment.ofArray(source.toArray(ValueLayout.JAVA_BYTE));
        Buffer buffer = (Buffer) target;
        enqueue(() -> queue.upload(staged, buffer.memory, targetOffset), List.of(buffer));
      }
    }

    @Override
    public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
      synchronized (lock) {
        checkUsable();
        checkRange(target.byteSize(), source, sourceOffset);
        Buffer buffer = (Buffer) source;
        buffer.checkOpen();
        drain();
        queue.download(buffer.memory, sourceOffset, target);
      }
    }

    private static void checkRange(long bytes, DeviceBuffer buffer, long offset) {
      if (offset < 0 || bytes > buffer.byteSize() - offset) {
        throw new IllegalArgumentException("transfer: expected a range within the buffer");
      }
    }

    @Override
    public void synchronize() {
      synchronized (lock) {
        checkUsable();
        if (mistake != Mistake.DOES_NOT_WAIT) {
          drain();
        }
      }
    }

    private void drain() {
      List<Command> commands = mistake == Mistake.REVERSES ? waiting.reversed() : waiting;
      for (Command command : commands) {
        if (failure.isEmpty()) {
          try {
            command.work().run();
          } catch (IllegalArgumentException | EngineException e) {
            failure = mistake == Mistake.LOSES_ERRORS ? failure : Optional.of(e);
          }
        }
        command.buffers().forEach(Buffer::done);
      }
      waiting.clear();
      checkUsable();
    }

    private void checkUsable() {
      if (closed) {
        throw new IllegalStateException("queue: expected an open one, got a closed one");
      }
      if (failure.isPresent()) {
        throw failure.get();
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        if (!closed) {
          try {
            if (failure.isEmpty()) {
              drain();
            }
          } finally {
            closed = true;
            queue.close();
          }
        }
      }
    }
  }
}
