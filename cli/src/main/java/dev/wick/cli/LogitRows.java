package dev.wick.cli;

import dev.wick.cli.terminal.ProgressBar;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.formats.file.TensorContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.List;

/**
 * The logits [tokens, vocab] of a prompt, computed a few rows at a time while they are written, so
 * that memory does not grow with the prompt.
 */
final class LogitRows implements TensorContent {
  /** Most bytes of logits in memory at a time; a step computes at least one row. */
  private static final long CHUNK_BYTES = 64L << 20;

  /** More rows in a step do not make it faster. */
  private static final int MAX_CHUNK_ROWS = 256;

  private final LanguageModel model;
  private final int[] ids;
  private final List<AdapterUse> adapters;
  private final ProgressBar bar;

  LogitRows(LanguageModel model, int[] ids, List<AdapterUse> adapters, ProgressBar bar) {
    this.model = model;
    this.ids = ids;
    this.adapters = adapters;
    this.bar = bar;
    int contextLength = model.info().contextLength();
    if (ids.length == 0 || ids.length > contextLength) {
      throw new IllegalArgumentException(
          "logits: expected 1 to %d tokens, the context length, got %d; shorten the prompt"
              .formatted(contextLength, ids.length));
    }
    for (int id : ids) {
      if (id < 0 || id >= vocabSize()) {
        throw new IllegalArgumentException(
            "logits: expected token ids in 0..%d, got %d".formatted(vocabSize() - 1, id));
      }
    }
  }

  int vocabSize() {
    return model.info().vocabSize();
  }

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    long rowBytes = (long) Float.BYTES * vocabSize();
    int chunk = Math.clamp(CHUNK_BYTES / rowBytes, 1, MAX_CHUNK_ROWS);
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
    StepOutput output = new StepOutput();
    try (KvLease lease = model.kvPool().lease()) {
      for (int begin = 0; begin < ids.length; begin += chunk) {
        int end = Math.min(begin + chunk, ids.length);
        StepBatch.Sequence sequence =
            new StepBatch.Sequence(end - begin, lease, StepBatch.Logits.ALL, adapters);
        model.step(new StepBatch(Arrays.copyOfRange(ids, begin, end), List.of(sequence)), output);
        for (int row = 0; row < end - begin; row++) {
          bytes.clear().asFloatBuffer().put(output.logits(row));
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        }
        bar.update(end * rowBytes, ids.length * rowBytes);
      }
    }
  }
}
