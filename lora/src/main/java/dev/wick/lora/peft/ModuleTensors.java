package dev.wick.lora.peft;

import dev.wick.engine.tensor.HostTensor;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The low-rank tensors of one module, with the names that they have in the file. */
final class ModuleTensors {
  /** What a tensor is for, and the ends of names that say so. */
  enum Role {
    A(PeftNames.A, PeftNames.EMBEDDING_A),
    B(PeftNames.B, PeftNames.EMBEDDING_B),
    BIAS(PeftNames.B_BIAS, PeftNames.B_BIAS),
    MAGNITUDE(PeftNames.MAGNITUDE, PeftNames.OLD_MAGNITUDE);

    private final String usual;
    private final String other;

    Role(String usual, String other) {
      this.usual = usual;
      this.other = other;
    }

    /** The usual end of the names, without the dot. */
    String suffix() {
      return usual.substring(1);
    }

    /** The module whose tensor this is in this role, or null if it is in another. */
    @Nullable String moduleOf(String path) {
      if (path.endsWith(usual)) {
        return path.substring(0, path.length() - usual.length());
      }
      return path.endsWith(other) ? path.substring(0, path.length() - other.length()) : null;
    }
  }

  /** A tensor and its name in the file. */
  record Named(String name, HostTensor tensor) {}

  private final String path;
  private final Map<Role, Named> tensors = new EnumMap<>(Role.class);

  ModuleTensors(String path) {
    this.path = path;
  }

  /** The module's name in the file, without the prefix. */
  String path() {
    return path;
  }

  @Nullable Named put(Role role, String name, HostTensor tensor) {
    return tensors.put(role, new Named(name, tensor));
  }

  Optional<Named> find(Role role) {
    return Optional.ofNullable(tensors.get(role));
  }

  Named any() {
    return tensors.values().iterator().next();
  }

  /** Whether the tensors have the names of an embedding's. */
  boolean isEmbedding() {
    return any().name().contains(".lora_embedding_");
  }
}
