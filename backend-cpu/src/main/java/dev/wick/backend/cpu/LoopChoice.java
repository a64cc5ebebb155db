package dev.wick.backend.cpu;

import dev.wick.backend.cpu.emit.EmittedLoops;
import dev.wick.backend.cpu.kernel.Activations;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.scalar.ScalarLoops;
import dev.wick.backend.cpu.vector.VectorLoops;
import java.lang.foreign.Arena;
import java.util.Optional;

/** Which form of the innermost loops this JVM runs. */
final class LoopChoice {
  /** System property that switches the Vector API off when {@code false}. */
  static final String VECTOR_PROPERTY = "wick.cpu.vector";

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private LoopChoice() {}

  /**
   * The fastest form that this JVM can run; with products of activations in eight bits only if they
   * are wanted now, since emitting them takes time.
   *
   * @param arena what machine code lives in, if there is any
   */
  static EmittedLoops.Outcome fastest(Arena arena) {
    return EmittedLoops.over(portable(), Activations.wanted() == Activations.INT8, arena);
  }

  /** The fastest form without machine code. */
  private static InnerLoops portable() {
    boolean wanted = Boolean.parseBoolean(System.getProperty(VECTOR_PROPERTY, "true"));
    return wanted && hasVectorModule() ? VectorLoops.create() : ScalarLoops.create();
  }

  // The class VectorLoops is not touched unless this is true: its module is an optional one.
  private static boolean hasVectorModule() {
    Optional<Module> module = ModuleLayer.boot().findModule(VECTOR_MODULE);
    return module.isPresent() && LoopChoice.class.getModule().canRead(module.get());
  }
}
