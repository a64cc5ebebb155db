package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** The device memory of a paged key-value cache: per layer, keys and values in F32. */
public final class KvCache implements AutoCloseable {
  /** Tokens per block. */
  public static final int BLOCK_SIZE = 32;

  private final TensorScope scope;
  private final KvPool pool;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

  /**
   * Sets memory aside.
   *
   * @param tokens room for so many tokens over all sequences
   * @param layers what each layer keeps per token
   */
  public KvCache(Engine engine, int tokens, List<Layer> layers) {
    this.pool = new KvPool(Math.ceilDiv(tokens, BLOCK_SIZE), BLOCK_SIZE);
    this.scope = engine.newScope();
    try {
      for (Layer layer : layers) {
        keys.add(table(layer.numKeyValueHeads(), layer.keyDim()));
        values.add(table(layer.numKeyValueHeads(), layer.valueDim()));
      }
    } catch (RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  private Tensor table(int heads, int headDim) {
    return scope.zeros(DType.F32, Shape.of(pool.blocks(), BLOCK_SIZE, heads, headDim));
  }

  /** Who has leased which blocks. */
  public KvPool pool() {
    return pool;
  }

  /** Keys of a layer, [blocks, blockSize, kvHeads, keyDim]. */
  Tensor keys(int layer) {
    return keys.get(layer);
  }

  /** Values of a layer, [blocks, blockSize, kvHeads, valueDim]. */
  Tensor values(int layer) {
    return values.get(layer);
  }

  @Override
  public void close() {
    scope.close();
  }

  /** What an attention layer keeps per token. */
  public record Layer(int numKeyValueHeads, int keyDim, int valueDim) {}
}
