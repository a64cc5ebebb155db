package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.nd4j.host.RowLoops;
import java.util.HashMap;
import java.util.Map;

/**
 * Memory for the attention of some query rows over some of a sequence's positions, for one
 * key-value head, and ND4J's operations on it. All layers of a model share one.
 */
final class AttentionTile {
  private final Matrix query;
  private final Matrix keys;
  private final Matrix values;
  private final Matrix scores;
  private final Matrix mixed;
  private final double scale;
  private final long loopLimit;
  private final Products products;
  private final Scratch scratch;
  private final Map<Long, Kernel> scoring = new HashMap<>();
  private final Map<Long, Kernel> mixing = new HashMap<>();

  /**
   * @param rows most query rows
   * @param positions most positions
   */
  AttentionTile(
      long rows,
      long positions,
      long headDim,
      long valueDim,
      double scale,
      long loopLimit,
      Products products,
      Scratch scratch) {
    this.query = scratch.matrix(rows, headDim);
    this.keys = scratch.matrix(positions, headDim);
    this.values = scratch.matrix(positions, valueDim);
    this.scores = scratch.matrix(rows, positions);
    this.mixed = scratch.matrix(rows, valueDim);
    this.scale = scale;
    this.loopLimit = loopLimit;
    this.products = products;
    this.scratch = scratch;
  }

  /** Query rows, [rows, headDim]. */
  HostTensor query() {
    return query.host();
  }

  /** Keys, [positions, headDim]. */
  HostTensor keys() {
    return keys.host();
  }

  /** Values, [positions, valueDim]. */
  HostTensor values() {
    return values.host();
  }

  /** Scores, [rows, positions] without gaps for as many as are in use. */
  HostTensor scores() {
    return scores.host();
  }

  /** Results, [rows, valueDim]. */
  HostTensor mixed() {
    return mixed.host();
  }

  /** Computes the scaled scores of all rows and positions. */
  void score(long rows, long positions) {
    kernel(scoring, rows, positions, this::scoring).run();
  }

  private Kernel scoring(long rows, long positions) {
    Matrix queries = query.prefix(rows, query.columns());
    Matrix transposed = keys.prefix(positions, keys.columns()).transpose();
    return products.of(queries, transposed, scores.prefix(rows, positions), scale, scratch);
  }

  /** Turns scores into probabilities and mixes the values. */
  void mix(long rows, long positions) {
    kernel(mixing, rows, positions, this::mixing).run();
  }

  private Kernel mixing(long rows, long positions) {
    Matrix probabilities = scores.prefix(rows, positions);
    Kernel softmax =
        rows * positions < loopLimit || !(products instanceof Products.InPlace)
            ? RowLoops.softmax(probabilities.host(), probabilities.host())
            : new CustomOp("softmax")
                .integers(1)
                .arrays(probabilities.array(), probabilities.array());
    Kernel product =
        products.of(
            probabilities,
            values.prefix(positions, values.columns()),
            mixed.prefix(rows, values.columns()),
            1,
            scratch);
    return () -> {
      softmax.run();
      product.run();
    };
  }

  private static Kernel kernel(Map<Long, Kernel> kernels, long rows, long positions, Setup setup) {
    long key = (rows << 32) | positions;
    Kernel kernel = kernels.get(key);
    if (kernel == null) {
      if (kernels.size() == 256) {
        kernels.clear();
      }
      kernel = setup.of(rows, positions);
      kernels.put(key, kernel);
    }
    return kernel;
  }

  /** Sets an operation up for a number of rows and positions. */
  private interface Setup {
    Kernel of(long rows, long positions);
  }
}
