package dev.wick.engine.tck;

import static dev.wick.engine.tck.Checks.check;

import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;

/** Rules about threads and about doing the same twice. */
final class ThreadSection {
  private static final int THREADS = 4;

  private final Fixture fixture;

  ThreadSection(Fixture fixture) {
    this.fixture = fixture;
  }

  private Device device() {
    return fixture.device();
  }

  /** Runs that the device has kernels for, a few of each operation. */
  private List<Work> work(String name, int perOperation) {
    List<Work> work = new ArrayList<>();
    for (Cases cases : CaseList.all()) {
      RandomGenerator random = fixture.seed().generator(name + "." + cases.name());
      for (int i = 0; i < perOperation; i++) {
        OpCase opCase = cases.any(random);
        if (device().supports(opCase.op(), opCase.specs())) {
          List<PlacedTensor> operands = new ArrayList<>();
          for (HostTensor operand : opCase.operands()) {
            Placement placement = random.nextBoolean() ? Placement.PLAIN : Placement.TRANSPOSED;
            operands.add(placement.place(operand, random));
          }
          work.add(new Work(opCase, operands));
        }
      }
    }
    return work;
  }

  private record Work(OpCase opCase, List<PlacedTensor> operands) {
    List<HostTensor> run(Device device) {
      return DeviceRun.kernel(device, opCase.op(), operands);
    }
  }

  /** The same operation on the same operands gives the same bits. */
  void sameBitsTwice() {
    for (Work work : work("bits", 12)) {
      List<HostTensor> first = work.run(device());
      for (int again = 0; again < 2; again++) {
        checkSame(work, first, work.run(device()));
      }
    }
  }

  private void checkSame(Work work, List<HostTensor> first, List<HostTensor> other) {
    check(
        first.equals(other),
        "the same bits as before from " + work.opCase(),
        "others (replay with %s)".formatted(fixture.seed()));
  }

  /** Two queues of one thread, with work on both at a time. */
  void queuesDoNotDisturbEachOther() {
    List<Work> all = work("queues", 6);
    for (int i = 1; i < all.size(); i++) {
      Work left = all.get(i - 1);
      Work right = all.get(i);
      List<HostTensor> leftAlone = left.run(device());
      List<HostTensor> rightAlone = right.run(device());
      try (DeviceRun.Bench one = new DeviceRun.Bench(device());
          DeviceRun.Bench two = new DeviceRun.Bench(device())) {
        OpCall leftCall = one.prepare(left.opCase().op(), left.operands());
        OpCall rightCall = two.prepare(right.opCase().op(), right.operands());
        one.queue.submit(leftCall);
        two.queue.submit(rightCall);
        checkSame(right, rightAlone, two.collect(right.opCase().op(), right.operands(), rightCall));
        checkSame(left, leftAlone, one.collect(left.opCase().op(), left.operands(), leftCall));
      }
    }
  }

  /** Threads with a queue each, all on one device, get the bits that one gets alone. */
  void threadsDoNotDisturbEachOther() throws Exception {
    List<Work> all = work("threads", 8);
    List<List<HostTensor>> alone = all.stream().map(work -> work.run(device())).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int start = t * all.size() / THREADS;
        tasks.add(
            () -> {
              for (int i = 0; i < all.size(); i++) {
                int at = (start + i) % all.size();
                checkSame(all.get(at), alone.get(at), all.get(at).run(device()));
              }
              return true;
            });
      }
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        check(task.get(), "a task that ends well", false);
      }
    }
  }

  /** Memory is taken and given back by all threads at once, and none gets what another has. */
  void allocationIsThreadSafe() throws Exception {
    try (Device other = fixture.openAnother();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Callable<Boolean>> tasks = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        byte mark = (byte) (t + 1);
        tasks.add(() -> fillAndRead(other, mark));
      }
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        check(task.get(), "only a thread's own bytes in its memory", "others");
      }
    }
  }

  private static boolean fillAndRead(Device device, byte mark) {
    boolean own = true;
    for (int round = 0; round < 60; round++) {
      try (DeviceRun.Bench bench = new DeviceRun.Bench(device)) {
        byte[] content = new byte[1 + round * 67];
        Arrays.fill(content, mark);
        DeviceBuffer buffer = bench.buffer(content);
        DeviceBuffer second = bench.buffer(new byte[round + 1]);
        own &= Arrays.equals(bench.download(buffer), content);
        own &= Arrays.equals(bench.download(second), new byte[round + 1]);
      }
    }
    return own;
  }
}
