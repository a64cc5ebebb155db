package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The device memory of a paged key-value cache: per layer, keys and values in F32 or Q8_0. Rows are
 * packed as they are written, and expanded by who reads them.
 */
public final class KvCache implements AutoCloseable {
  /** Tokens per block. */
  public static final int BLOCK_SIZE = 32;

  private final TensorScope scope;
  private final DType dtype;
  private final KvPool pool;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

  /** A cache in F32. */
  public KvCache(Engine engine, int tokens, List<Layer> layers) {
    this(engine, tokens, layers, DType.F32);
  }

  /**
   * Sets memory aside.
   *
   * @param tokens room for so many tokens over all sequences
   * @param layers what each layer keeps per token
   * @param dtype F32 or Q8_0
   * @throws IllegalArgumentException if it is another type, a head of some layer is not whole
   *     blocks of it, or the device cannot write rows in it
   */
  public KvCache(Engine engine, int tokens, List<Layer> layers, DType dtype) {
    checkType(dtype);
    layers.forEach(layer -> check(engine, layer, dtype));
    this.dtype = dtype;
    long blockBytes = layers.stream().mapToLong(l -> BLOCK_SIZE * l.bytesPerToken(dtype)).sum();
    this.pool = new KvPool(Math.ceilDiv(tokens, BLOCK_SIZE), BLOCK_SIZE, blockBytes);
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

  static void checkType(DType dtype) {
    if (dtype != DType.F32 && dtype != DType.Q8_0) {
      throw new IllegalArgumentException("kv cache: expected F32 or Q8_0, got " + dtype);
    }
  }

  private static void check(Engine engine, Layer layer, DType dtype) {
    int unit = dtype.blockElements();
    if (layer.keyDim() % unit != 0 || layer.valueDim() % unit != 0) {
      throw new IllegalArgumentException(
          "kv cache: expected keys and values of a multiple of %d for %s, got %d and %d; keep this"
                  .formatted(unit, dtype, layer.keyDim(), layer.valueDim())
              + " model's cache in F32");
    }
    List<TensorSpec> write =
        List.of(
            TensorSpec.of(dtype, BLOCK_SIZE, layer.numKeyValueHeads(), layer.keyDim()),
            TensorSpec.of(DType.I32, 1),
            TensorSpec.of(DType.F32, 1, layer.numKeyValueHeads(), layer.keyDim()));
    if (!engine.device().supports(new Scatter(Scatter.Mode.SET), write)) {
      throw new IllegalArgumentException(
          "kv cache: expected a type that %s writes, got %s; keep the cache in F32"
              .formatted(engine.info().id(), dtype));
    }
  }

  private Tensor table(int heads, int headDim) {
    return scope.zeros(dtype, Shape.of(pool.blocks(), BLOCK_SIZE, heads, headDim));
  }

  /** Element type of keys and values. */
  public DType dtype() {
    return dtype;
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
  public record Layer(int numKeyValueHeads, int keyDim, int valueDim) {
    /** Bytes of a token's keys and values in a type of which a head is whole blocks. */
    long bytesPerToken(DType dtype) {
      return dtype.byteSize((long) numKeyValueHeads * (keyDim + valueDim));
    }
  }
}
