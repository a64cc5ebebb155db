package dev.wick.engine.model;

import java.util.List;

/**
 * What a program depends on as to adapters.
 *
 * @param uses room for so many runs of rows with an adapter from the pool
 * @param generation of the pool; 0 without uses
 * @param variants whose tensors the program has as constants
 * @param uniform whether all rows use the only variant
 */
record AdapterShape(int uses, int generation, List<AdapterVariant> variants, boolean uniform) {
  static final AdapterShape NONE = new AdapterShape(0, 0, List.of(), false);

  static AdapterShape of(AdapterBatch batch, LoraPool pool) {
    return batch.uses() == 0
        ? NONE
        : new AdapterShape(batch.uses(), pool.generation(), batch.variants(), batch.isUniform());
  }
}
