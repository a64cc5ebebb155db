package dev.wick.engine.model;

import dev.wick.engine.Engine;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The adapters of a model that lie on its device. Brings what a step needs and says how the step is
 * to be computed. One thread at a time.
 */
final class AdapterStore implements AutoCloseable {
  private static final int VARIANTS_KEPT = 8;

  private final Engine engine;
  private final LoraLayout layout;
  private final LoraPool pool;
  private final List<AdapterVariant> variants = new ArrayList<>(); // the least recently used first
  private final AdapterBatch batch = new AdapterBatch();

  AdapterStore(Engine engine, ForwardPass model, long maxBytes) {
    this.engine = engine;
    this.layout = new LoraLayout(engine, model);
    this.pool = new LoraPool(engine, layout, maxBytes);
  }

  LoraPool pool() {
    return pool;
  }

  /**
   * Brings a step's adapters to the device.
   *
   * @return how its rows use them, valid until the next call
   * @throws IllegalArgumentException if an adapter does not fit the model, or two of one sequence
   *     replace the same weight
   */
  AdapterBatch bring(StepBatch step) {
    if (batch.isFor(step)) {
      return batch;
    }
    batch.clear();
    List<Adapter> adapters = new ArrayList<>();
    for (StepBatch.Sequence sequence : step.sequences()) {
      for (AdapterUse use : sequence.adapters()) {
        if (adapters.stream().noneMatch(adapter -> adapter == use.adapter())) {
          adapters.add(use.adapter());
        }
      }
      checkConflicts(sequence.adapters());
    }
    if (!adapters.isEmpty()) {
      pool.bring(adapters);
    }
    List<AdapterVariant> needed = new ArrayList<>();
    for (Adapter adapter : adapters) {
      if (AdapterVariant.isNeeded(layout, adapter)) {
        needed.add(variant(adapter));
      }
    }
    batch.set(step, pool, needed);
    return batch;
  }

  private void checkConflicts(List<AdapterUse> uses) {
    for (int i = 0; i < uses.size(); i++) {
      for (int j = 0; j < i; j++) {
        for (String name : uses.get(i).adapter().replacements().keySet()) {
          if (!layout.holdsReplacement(name)
              && uses.get(j).adapter().replacements().containsKey(name)) {
            throw new IllegalArgumentException(
                "adapters: expected one replacement of %s in a sequence, got those of %s and %s"
                    .formatted(name, uses.get(j).adapter().name(), uses.get(i).adapter().name()));
          }
        }
      }
    }
  }

  private AdapterVariant variant(Adapter adapter) {
    AdapterVariant variant =
        variants.stream()
            .filter(known -> known.holds(adapter))
            .findFirst()
            .orElseGet(() -> new AdapterVariant(engine, layout, adapter));
    variants.remove(variant);
    variants.add(variant);
    return variant;
  }

  /** A variant that has not been used for long, after whose programs are closed it may go. */
  Optional<AdapterVariant> surplus() {
    return variants.size() > VARIANTS_KEPT ? Optional.of(variants.getFirst()) : Optional.empty();
  }

  /** Frees a variant, which no program uses any more. */
  void drop(AdapterVariant variant) {
    variants.remove(variant);
    variant.close();
  }

  @Override
  public void close() {
    variants.forEach(AdapterVariant::close);
    variants.clear();
    pool.close();
  }
}
