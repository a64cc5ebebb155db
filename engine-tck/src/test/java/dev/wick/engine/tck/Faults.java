package dev.wick.engine.tck;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Cast;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Backends that are the reference but for one fault. */
final class Faults {
  private Faults() {}

  /** A fault, the rule that has to fail for it, and a part of the message. */
  record Fault(String name, String rule, String message, Function<Device, Device> device) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Spoils how calls run. */
  private interface Submission {
    void submit(CommandQueue queue, OpCall call);
  }

  private static Function<Device, Device> running(Submission submission) {
    return device ->
        new DelegatingDevice(device) {
          @Override
          void submit(CommandQueue queue, OpCall call) {
            submission.submit(queue, call);
          }
        };
  }

  static Stream<Fault> all() {
    return Stream.of(
        new Fault(
            "writes one element past the result",
            "b10",
            "wrote outside of its result",
            running(
                (queue, call) -> {
                  queue.submit(call);
                  TensorView result = call.results().getFirst();
                  long end = result.byteOffset() + 4 * result.shape().size();
                  if (call.op() instanceof Unary && end + 4 <= result.buffer().byteSize()) {
                    memory(result).set(ValueLayout.JAVA_FLOAT_UNALIGNED, end, 1f);
                  }
                })),
        new Fault(
            "writes into an operand",
            "b10/mat_mul",
            "wrote into operand 1",
            running(
                (queue, call) -> {
                  queue.submit(call);
                  if (call.op() instanceof MatMul && call.operands().get(1).shape().size() > 0) {
                    TensorView weight = call.operands().get(1);
                    memory(weight).set(ValueLayout.JAVA_BYTE, weight.byteOffset(), (byte) 99);
                  }
                })),
        new Fault(
            "claims a fused operation that it cannot run",
            "b10/softmax",
            "softmax",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public boolean supports(Op op, List<TensorSpec> operands) {
                    return op instanceof Softmax || super.supports(op, operands);
                  }
                }),
        new Fault(
            "denies a primitive",
            "b03",
            "support of a primitive",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public boolean supports(Op op, List<TensorSpec> operands) {
                    return !op.name().equals("abs") && super.supports(op, operands);
                  }
                }),
        new Fault(
            "denies BF16 without declaring it",
            "b10/mat_mul",
            "declare a gap",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public boolean supports(Op op, List<TensorSpec> operands) {
                    return !(op instanceof MatMul && operands.get(1).dtype() == DType.BF16)
                        && super.supports(op, operands);
                  }
                }),
        new Fault(
            "changes its mind about support",
            "b04",
            "the same answer",
            device ->
                new DelegatingDevice(device) {
                  private final AtomicInteger asked = new AtomicInteger();

                  @Override
                  public boolean supports(Op op, List<TensorSpec> operands) {
                    return asked.incrementAndGet() % 1000 != 0 && super.supports(op, operands);
                  }
                }),
        new Fault(
            "does nothing instead of refusing",
            "b06",
            "submit: expected an UnsupportedOpException, got none",
            running(
                (queue, call) -> {
                  try {
                    queue.submit(call);
                  } catch (UnsupportedOpException ignored) {
                    queue.synchronize();
                  }
                })),
        new Fault(
            "ignores strides",
            "b11",
            "element",
            running(
                (queue, call) -> {
                  List<TensorView> flat = new ArrayList<>();
                  for (TensorView view : call.operands()) {
                    Layout layout = Layout.contiguous(view.shape());
                    long bytes = view.byteOffset() + layout.span() * view.dtype().blockBytes();
                    boolean fits = !view.dtype().isQuantized() && bytes <= view.buffer().byteSize();
                    flat.add(
                        fits
                            ? new TensorView(view.buffer(), view.byteOffset(), view.dtype(), layout)
                            : view);
                  }
                  boolean inPlace = call.op().inPlaceOperand().isPresent();
                  queue.submit(inPlace ? call : new OpCall(call.op(), flat, call.results()));
                })),
        new Fault(
            "broadcasts only the first element",
            "b10",
            "element",
            running(
                (queue, call) -> {
                  if (call.op() instanceof Binary
                      && !call.operands().get(1).shape().equals(call.results().get(0).shape())
                      && call.operands().get(1).shape().size() > 0) {
                    TensorView y = call.operands().get(1);
                    Layout one = y.layout();
                    for (int axis = 0; axis < y.shape().rank(); axis++) {
                      one = one.slice(axis, 0, 1);
                    }
                    TensorView first = new TensorView(y.buffer(), y.byteOffset(), y.dtype(), one);
                    queue.submit(
                        new OpCall(
                            call.op(), List.of(call.operands().get(0), first), call.results()));
                  } else {
                    queue.submit(call);
                  }
                })),
        new Fault(
            "loses NaN in a maximum",
            "b10/reduce",
            "expected NaN",
            running(
                changing(
                    call -> call.op() instanceof Reduce r && r.kind() == Reduce.Kind.MAX,
                    (x, i) -> Double.isNaN(x) ? 0 : x))),
        new Fault(
            "chooses the last of equals",
            "b10/arg_reduce",
            "ArgReduce",
            running(
                (queue, call) -> {
                  queue.submit(call);
                  if (call.op() instanceof ArgReduce
                      && call.operands().get(0).shape().rank() == 1) {
                    HostTensor x = DelegatingDevice.read(call.operands().get(0));
                    int best = (int) DelegatingDevice.read(call.results().get(0)).number(0);
                    for (int i = 0; i < x.size(); i++) {
                      best = x.number(i) == x.number(best) ? i : best;
                    }
                    int last = best;
                    DelegatingDevice.write(
                        call.results().get(0),
                        HostTensor.of(TensorSpec.of(DType.I32, 1), i -> last));
                  }
                })),
        new Fault(
            "multiplies with three digits",
            "b10/mat_mul",
            "MatMul",
            running(changing(call -> call.op() instanceof MatMul, (x, i) -> x * 1.0001))),
        new Fault(
            "computes one element in a thousand wrong",
            "b10/mat_mul",
            "MatMul",
            running(
                changing(call -> call.op() instanceof MatMul, (x, i) -> i % 1000 == 999 ? -x : x))),
        new Fault(
            "cuts BF16 off instead of rounding",
            "b10/cast",
            "Cast",
            running(
                (queue, call) -> {
                  queue.submit(call);
                  if (call.op() instanceof Cast cast && cast.target() == DType.BF16) {
                    HostTensor x = DelegatingDevice.read(call.operands().get(0));
                    DelegatingDevice.write(
                        call.results().get(0),
                        HostTensor.of(call.results().get(0).spec(), x::number));
                  }
                })),
        new Fault(
            "loses the last row of a scatter",
            "b10/scatter",
            "Scatter",
            running(
                (queue, call) -> {
                  HostTensor before =
                      call.op() instanceof Scatter
                          ? DelegatingDevice.read(call.operands().get(0))
                          : HostTensor.zeros(TensorSpec.of(DType.F32, 0));
                  queue.submit(call);
                  if (call.op() instanceof Scatter && call.operands().get(1).shape().size() > 1) {
                    DelegatingDevice.write(call.results().get(0), before);
                  }
                })),
        new Fault(
            "adds only one of the rows that go to one place",
            "b70/gather",
            "gradient",
            running(
                (queue, call) -> {
                  if (call.op() instanceof Scatter scatter && scatter.mode() == Scatter.Mode.ADD) {
                    Scatter last = new Scatter(Scatter.Mode.SET);
                    queue.submit(new OpCall(last, call.operands(), call.results()));
                  } else {
                    queue.submit(call);
                  }
                })),
        attention(
            "sees one position too many",
            op -> new PagedAttention(op.scale(), op.window() == 0 ? 0 : op.window() + 1),
            -1),
        attention(
            "scales twice", op -> new PagedAttention(op.scale() * op.scale(), op.window()), -1),
        attention("mixes the sequences of a batch up", op -> op, 4),
        attention("forgets positions", op -> op, 5),
        new Fault(
            "gives dirty memory",
            "b20",
            "zeros in new memory",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public DeviceBuffer allocate(long byteSize) {
                    DeviceBuffer buffer = super.allocate(byteSize);
                    buffer.hostView().orElseThrow().fill((byte) 17);
                    return buffer;
                  }
                }),
        new Fault(
            "dies of a size that it cannot give",
            "b22",
            "DeviceMemoryException",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public DeviceBuffer allocate(long byteSize) {
                    if (byteSize > 1L << 40) {
                      throw new IllegalStateException("too much");
                    }
                    return super.allocate(byteSize);
                  }
                }),
        new Fault(
            "closes with open buffers",
            "b26",
            "close with open buffers: expected an IllegalStateException, got none",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public void close() {
                    try {
                      super.close();
                    } catch (IllegalStateException ignored) {
                      super.info();
                    }
                  }
                }),
        new Fault(
            "keeps a queue open",
            "b28",
            "submit: expected an IllegalStateException",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public CommandQueue newQueue() {
                    return new DelegatingQueue(reference.newQueue()) {
                      @Override
                      public void close() {
                        queue.synchronize();
                      }
                    };
                  }
                }),
        new Fault(
            "downloads from the start",
            "b29",
            "what was uploaded",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public CommandQueue newQueue() {
                    return new DelegatingQueue(reference.newQueue()) {
                      @Override
                      public void download(
                          DeviceBuffer source, long sourceOffset, MemorySegment target) {
                        queue.download(source, Math.min(1, sourceOffset), target);
                      }
                    };
                  }
                }),
        new Fault(
            "wraps something else",
            "b30",
            "the wrapped bytes",
            device ->
                new DelegatingDevice(device) {
                  @Override
                  public DeviceBuffer wrap(MemorySegment host) {
                    return allocate(host.byteSize());
                  }
                }),
        new Fault(
            "ignores indices outside of a table",
            "b44",
            "gather with index -1",
            running(Faults::ignoringBadIndices)),
        new Fault(
            "ignores rows outside of a table",
            "b45",
            "scatter_set with index -1",
            running(Faults::ignoringBadIndices)),
        new Fault(
            "replays what it recorded only once",
            "b50",
            "element",
            recording(
                (queue, calls) -> {
                  AtomicInteger runs = new AtomicInteger();
                  return () -> {
                    if (runs.getAndIncrement() == 0) {
                      calls.forEach(queue::submit);
                    }
                  };
                })),
        new Fault(
            "replays in another order",
            "b50",
            "element",
            recording((queue, calls) -> () -> calls.reversed().forEach(queue::submit))),
        new Fault(
            "forgets the last call of a long program",
            "b52",
            "what the oracle gives",
            recording(
                (queue, calls) ->
                    () ->
                        calls
                            .subList(0, calls.size() - (calls.size() > 20 ? 1 : 0))
                            .forEach(queue::submit))),
        new Fault(
            "gives other bits each time",
            "b60",
            "the same bits",
            device ->
                new DelegatingDevice(device) {
                  private int calls;

                  @Override
                  void submit(CommandQueue queue, OpCall call) {
                    double noise = ++calls % 2 * 1e-7;
                    changing(c -> c.op() instanceof MatMul, (x, i) -> x * (1 + noise))
                        .submit(queue, call);
                  }
                }),
        new Fault(
            "shares scratch memory between threads",
            "b62",
            "the same bits",
            device ->
                new DelegatingDevice(device) {
                  private final AtomicInteger inside = new AtomicInteger();

                  @Override
                  void submit(CommandQueue queue, OpCall call) {
                    inside.incrementAndGet();
                    queue.submit(call);
                    for (int i = 0; i < 5000; i++) {
                      Thread.onSpinWait();
                    }
                    if (inside.getAndDecrement() > 1
                        && call.results().getFirst().shape().size() > 0) {
                      TensorView result = call.results().getFirst();
                      memory(result).set(ValueLayout.JAVA_BYTE, result.byteOffset(), (byte) 1);
                    }
                  }
                }));
  }

  private static MemorySegment memory(TensorView view) {
    return view.buffer().hostView().orElseThrow();
  }

  private interface Change {
    double apply(double x, int index);
  }

  private static Submission changing(Predicate<OpCall> which, Change change) {
    return (queue, call) -> {
      queue.submit(call);
      if (which.test(call)) {
        HostTensor result = DelegatingDevice.read(call.results().getFirst());
        DelegatingDevice.write(
            call.results().getFirst(),
            HostTensor.of(result.spec(), i -> change.apply(result.number(i), i)));
      }
    };
  }

  private static void ignoringBadIndices(CommandQueue queue, OpCall call) {
    try {
      queue.submit(call);
    } catch (IllegalArgumentException ignored) {
      queue.synchronize();
    }
  }

  private interface Recorder {
    Recording record(CommandQueue queue, List<OpCall> calls);
  }

  private static Function<Device, Device> recording(Recorder recorder) {
    return device ->
        new DelegatingDevice(device) {
          @Override
          public CommandQueue newQueue() {
            return new DelegatingQueue(reference.newQueue()) {
              @Override
              public Recording record(List<OpCall> calls) {
                return recorder.record(this, calls);
              }
            };
          }
        };
  }

  /** A kernel of attention that runs with other attributes, or with one operand all zeros. */
  private static Fault attention(
      String name, Function<PagedAttention, PagedAttention> change, int zeroed) {
    return new Fault(
        name,
        "b10/paged_attention",
        "PagedAttention",
        device ->
            new DelegatingDevice(device) {
              @Override
              public boolean supports(Op op, List<TensorSpec> operands) {
                return op instanceof PagedAttention || super.supports(op, operands);
              }

              @Override
              void submit(CommandQueue queue, OpCall call) {
                if (call.op() instanceof PagedAttention attention) {
                  List<PlacedTensor> operands = new ArrayList<>(placedOperands(call));
                  if (zeroed >= 0) {
                    operands.set(
                        zeroed,
                        Placement.PLAIN.place(
                            HostTensor.zeros(operands.get(zeroed).spec()),
                            new Seed(0).generator("")));
                  }
                  decompose(change.apply(attention), operands, call);
                } else {
                  super.submit(queue, call);
                }
              }
            });
  }
}
