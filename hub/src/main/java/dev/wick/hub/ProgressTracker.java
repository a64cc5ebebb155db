package dev.wick.hub;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Adds up what several downloads receive and tells one listener, one call at a time. */
final class ProgressTracker {
  private static final long REPORT_NANOS = 100_000_000L;
  private static final long RATE_WINDOW_NANOS = 5_000_000_000L;

  private final DownloadListener listener;
  private final Host.NanoTime clock;
  private final Map<String, FileState> states = new LinkedHashMap<>();
  private final ArrayDeque<Sample> samples = new ArrayDeque<>();
  private long receivedBytes;
  private long lastReportNanos;
  private int filesDone;

  private static final class FileState {
    private final long size;
    private long bytes;

    private FileState(long size) {
      this.size = size;
    }
  }

  private record Sample(long nanos, long receivedBytes) {}

  ProgressTracker(List<RemoteFile> files, DownloadListener listener, Host.NanoTime clock) {
    this.listener = listener;
    this.clock = clock;
    for (RemoteFile file : files) {
      states.put(file.name(), new FileState(file.size()));
    }
    lastReportNanos = clock.now() - REPORT_NANOS;
    samples.add(new Sample(clock.now(), 0));
  }

  /** The bytes of a file that are on the disk without having been received now. */
  synchronized void startsAt(RemoteFile file, long bytes) {
    state(file).bytes = bytes;
    report(file, false);
  }

  /** Bytes of a file that came. */
  synchronized void received(RemoteFile file, long bytes) {
    state(file).bytes += bytes;
    receivedBytes += bytes;
    report(file, false);
  }

  /** A file is in its place. */
  synchronized void done(RemoteFile file, long bytes) {
    state(file).bytes = bytes;
    filesDone++;
    report(file, true);
  }

  private FileState state(RemoteFile file) {
    FileState state = states.get(file.name());
    if (state == null) {
      throw new IllegalStateException("progress: expected a file of this download, got " + file);
    }
    return state;
  }

  private void report(RemoteFile file, boolean always) {
    long now = clock.now();
    if (!always && now - lastReportNanos < REPORT_NANOS) {
      return;
    }
    lastReportNanos = now;
    long bytes = 0;
    long total = 0;
    for (FileState state : states.values()) {
      bytes += state.bytes;
      total += Math.max(state.size, state.bytes);
    }
    FileState state = state(file);
    listener.progress(
        new DownloadProgress(
            file.name(),
            state.bytes,
            state.size,
            bytes,
            total,
            filesDone,
            states.size(),
            rate(now)));
  }

  private double rate(long now) {
    samples.addLast(new Sample(now, receivedBytes));
    while (samples.size() > 2 && now - samples.getFirst().nanos > RATE_WINDOW_NANOS) {
      samples.removeFirst();
    }
    Sample first = samples.getFirst();
    long nanos = now - first.nanos;
    return nanos <= 0 ? 0 : (receivedBytes - first.receivedBytes) * 1e9 / nanos;
  }
}
