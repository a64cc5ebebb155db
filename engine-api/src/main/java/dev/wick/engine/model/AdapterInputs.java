package dev.wick.engine.model;

import dev.wick.engine.Program;
import dev.wick.engine.Tracer;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The inputs by which a program learns which adapters its rows use. */
final class AdapterInputs {
  private static final String PLACES = "adapters";
  private static final String WEIGHTS = "adapter_weights";
  private static final int FIELDS = 5;

  private final AdapterShape shape;
  private final int rows;
  private final int logitRows;
  private final List<String> targets;
  private final int[] ints;
  private final float[] floats;
  private final AdaptedRows tokens;
  private final AdaptedRows logits;
  private List<AdapterBatch.Run> written = List.of();

  /** Declares the inputs in a trace. */
  AdapterInputs(Tracer tracer, AdapterShape shape, LoraPool pool, int rows, int logitRows) {
    this.shape = shape;
    this.rows = rows;
    this.logitRows = logitRows;
    this.targets = pool.targets();
    int uses = shape.uses();
    int variants = shape.variants().size();
    int places = targets.size() * uses * FIELDS;
    this.ints = new int[places + 4 * uses];
    this.floats = new float[uses + variants * (rows + logitRows)];
    Expr numbers = tracer.input(PLACES, TensorSpec.of(DType.I32, ints.length));
    Expr weights = tracer.input(WEIGHTS, TensorSpec.of(DType.F32, floats.length));
    Map<String, Expr> placeOf = new HashMap<>();
    for (int t = 0; t < targets.size(); t++) {
      int start = t * uses * FIELDS;
      Expr place = numbers.slice(0, start, start + (long) uses * FIELDS);
      placeOf.put(targets.get(t), place.reshape(uses, FIELDS));
    }
    AdaptedRows.Pooled tokenRuns =
        new AdaptedRows.Pooled(
            pool.numbers(),
            pool.maxRank(),
            placeOf,
            numbers.slice(0, places, places + 2L * uses).reshape(uses, 2),
            weights.slice(0, 0, uses));
    AdaptedRows.Pooled logitRuns =
        new AdaptedRows.Pooled(
            pool.numbers(),
            pool.maxRank(),
            placeOf,
            numbers.slice(0, places + 2L * uses, ints.length).reshape(uses, 2),
            weights.slice(0, 0, uses));
    this.tokens = new AdaptedRows(shape, tokenRuns, shares(weights, uses, rows));
    this.logits =
        new AdaptedRows(shape, logitRuns, shares(weights, uses + variants * rows, logitRows));
  }

  /** One column per variant: how much of it each row uses, F32 [rows, 1]. */
  private List<Expr> shares(Expr weights, int start, int count) {
    List<Expr> shares = new ArrayList<>();
    for (int v = 0; v < shape.variants().size(); v++) {
      long from = start + (long) v * count;
      shares.add(weights.slice(0, from, from + count).reshape(count, 1));
    }
    return shares;
  }

  /** The linears as the tokens' rows see them. */
  AdaptedRows tokens() {
    return tokens;
  }

  /** The linears as the rows that want logits see them. */
  AdaptedRows logits() {
    return logits;
  }

  /** Writes the inputs, unless the program has them already. */
  void write(AdapterBatch batch, Program program) {
    if (written.equals(batch.runs())) {
      return;
    }
    List<AdapterBatch.Run> runs = batch.runs();
    int uses = shape.uses();
    Arrays.fill(ints, 0);
    Arrays.fill(floats, 0);
    int segments = targets.size() * uses * FIELDS;
    for (int u = 0; u < runs.size(); u++) {
      AdapterBatch.Run run = runs.get(u);
      for (int t = 0; t < targets.size(); t++) {
        run.resident().describe(targets.get(t), ints, (t * uses + u) * FIELDS);
      }
      ints[segments + 2 * u] = run.row();
      ints[segments + 2 * u + 1] = run.rows();
      ints[segments + 2 * (uses + u)] = run.logitRow();
      ints[segments + 2 * (uses + u) + 1] = run.logitRows();
      floats[u] = run.use().weight();
      for (int v = 0; v < shape.variants().size(); v++) {
        if (shape.variants().get(v).holds(run.use().adapter())) {
          int start = uses + v * rows + run.row();
          Arrays.fill(floats, start, start + run.rows(), run.use().weight());
          start = uses + shape.variants().size() * rows + v * logitRows + run.logitRow();
          Arrays.fill(floats, start, start + run.logitRows(), run.use().weight());
        }
      }
    }
    program.write(PLACES, MemorySegment.ofArray(ints));
    program.write(WEIGHTS, MemorySegment.ofArray(floats));
    written = List.copyOf(runs);
  }
}
