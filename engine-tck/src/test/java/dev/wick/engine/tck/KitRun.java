package dev.wick.engine.tck;

import dev.wick.engine.spi.BackendProvider;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** Runs one rule of the kit on a backend, as JUnit would, and says how it failed. */
final class KitRun {
  private KitRun() {}

  /**
   * The first failure of a rule, empty if it passes; closing the device is part of it.
   *
   * @param rule for example {@code b40}, or {@code b10/softmax} for one operation
   */
  static Optional<Throwable> failure(String rule, BackendProvider provider, Set<Gap> gaps) {
    BackendConformance kit =
        new BackendConformance() {
          @Override
          protected BackendProvider provider() {
            return provider;
          }

          @Override
          protected Set<Gap> declaredGaps() {
            return gaps;
          }
        };
    kit.openDevice();
    String[] parts = rule.split("/", 2);
    String operation = parts.length == 2 ? parts[1] : "";
    Optional<Throwable> failure = failure(kit, method(parts[0]), operation);
    try {
      kit.closeDevice();
    } catch (IllegalStateException leak) {
      return failure.or(() -> Optional.of(leak));
    }
    return failure;
  }

  private static Method method(String rule) {
    List<Method> found =
        Arrays.stream(BackendConformance.class.getMethods())
            .filter(method -> method.getName().contains("_" + rule + "_"))
            .toList();
    if (found.size() != 1) {
      throw new IllegalArgumentException("expected one rule " + rule + ", got " + found);
    }
    return found.getFirst();
  }

  private static Optional<Throwable> failure(
      BackendConformance kit, Method method, String operation) {
    try {
      Object tests = method.invoke(kit);
      if (tests instanceof Stream<?> dynamic) {
        return dynamic
            .map(DynamicTest.class::cast)
            .filter(test -> operation.isEmpty() || test.getDisplayName().equals(operation))
            .map(KitRun::failure)
            .flatMap(Optional::stream)
            .findFirst();
      }
      return Optional.empty();
    } catch (InvocationTargetException e) {
      return Optional.of(e.getCause());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot call " + method, e);
    }
  }

  private static Optional<Throwable> failure(DynamicTest test) {
    try {
      test.getExecutable().execute();
      return Optional.empty();
    } catch (Throwable e) { // as JUnit does
      return Optional.of(e);
    }
  }
}
