package dev.wick.backend.cpu;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.scalar.ScalarLoops;
import dev.wick.backend.cpu.vector.VectorLoops;
import java.util.Optional;

/** Which form of the innermost loops this JVM runs. */
final class LoopChoice {
  /** System property that switches the Vector API off when {@code false}. */
  static final String VECTOR_PROPERTY = "wick.cpu.vector";

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private LoopChoice() {}

  /** The fastest form that this JVM can run. */
  static InnerLoops fastest() {
    boolean wanted = Boolean.parseBoolean(System.getProperty(VECTOR_PROPERTY, "true"));
    return wanted && hasVectorModule() ? VectorLoops.create() : ScalarLoops.create();
  }

  // The class VectorLoops is not touched unless this is true: its module is an optional one.
  private static boolean hasVectorModule() {
    Optional<Module> module = ModuleLayer.boot().findModule(VECTOR_MODULE);
    return module.isPresent() && LoopChoice.class.getModule().canRead(module.get());
  }
}
