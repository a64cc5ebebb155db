package dev.wick.examples.backend;

import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Recording;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Passes commands on and waits for each operation, so that its time is its own. A recording is
 * split into one of each operation: what a device gains by fusing or overlapping is not measured.
 */
final class ProfileQueue implements CommandQueue {
  private final CommandQueue queue;
  private final Profile profile;

  ProfileQueue(CommandQueue queue, Profile profile) {
    this.queue = queue;
    this.profile = profile;
  }

  @Override
  public void submit(OpCall call) {
    long start = System.nanoTime();
    queue.submit(call);
    queue.synchronize();
    profile.entry(call.op()).add(System.nanoTime() - start);
  }

  @Override
  public Recording record(List<OpCall> calls) {
    List<Step> steps = new ArrayList<>();
    for (OpCall call : calls) {
      steps.add(new Step(queue.record(List.of(call)), profile.entry(call.op())));
    }
    return new Steps(queue, List.copyOf(steps));
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    queue.upload(source, target, targetOffset);
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    queue.download(source, sourceOffset, target);
  }

  @Override
  public void synchronize() {
    queue.synchronize();
  }

  @Override
  public void close() {
    queue.close();
  }

  /** One recorded operation. */
  private record Step(Recording recording, Profile.Entry entry) {}

  /** Recorded operations, run one by one. */
  private record Steps(CommandQueue queue, List<Step> steps) implements Recording {
    @Override
    public void run() {
      // By index, since a run must not allocate, not even an iterator.
      for (int i = 0; i < steps.size(); i++) {
        Step step = steps.get(i);
        long start = System.nanoTime();
        step.recording().run();
        queue.synchronize();
        step.entry().add(System.nanoTime() - start);
      }
    }

    @Override
    public void close() {
      steps.forEach(step -> step.recording().close());
    }
  }
}
