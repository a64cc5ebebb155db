package dev.wick.engine.model;

import dev.wick.engine.tensor.HostTensor;
import java.util.Map;

/**
 * What fine-tuning changes in a base model, as data in host memory. Immutable, thread-safe; two
 * adapters are the same only if they are the same object.
 */
public interface Adapter {
  /** The name under which it is published. */
  String name();

  /** Counts the publications under that name, from 1. */
  long version();

  /**
   * Low-rank changes by the name of the linear, for example {@code
   * model.layers.3.self_attn.q_proj}, or of the token embedding, {@code model.embed_tokens}.
   */
  Map<String, LowRank> deltas();

  /**
   * Tensors that take the place of the base model's, by the name of the parameter, for example
   * {@code lm_head.weight} or {@code model.layers.3.self_attn.q_proj.bias}.
   */
  Map<String, HostTensor> replacements();

  /** Bytes of its tensors as stored. */
  default long byteSize() {
    long bytes = 0;
    for (LowRank delta : deltas().values()) {
      bytes += delta.byteSize();
    }
    for (HostTensor replacement : replacements().values()) {
      bytes += replacement.spec().byteSize();
    }
    return bytes;
  }
}
