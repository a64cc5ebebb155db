package dev.wick.cli.terminal;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/**
 * Takes over Ctrl-C (SIGINT) for a while. One at a time.
 *
 * <p>The JDK has no supported interface to signals. {@code sun.misc.Signal}, which every JDK has
 * had so far, is used by reflection; where it is missing or the JVM was told to leave signals
 * alone, Ctrl-C goes on to end the program.
 */
public final class Interrupts implements AutoCloseable {
  private final @Nullable Object previous;

  private Interrupts(@Nullable Object previous) {
    this.previous = previous;
  }

  /** Runs an action, on another thread, at each Ctrl-C until this is closed. */
  public static Interrupts handledBy(Runnable action) {
    try {
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              handlerType.getClassLoader(),
              new Class<?>[] {handlerType},
              (proxy, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      action.run();
                      yield null;
                    }
                    case "equals" -> proxy == arguments[0];
                    case "hashCode" -> System.identityHashCode(proxy);
                    default -> "Ctrl-C handler of wick";
                  });
      return new Interrupts(install(handler));
    } catch (ReflectiveOperationException e) {
      return new Interrupts(null);
    }
  }

  private static Object install(Object handler) throws ReflectiveOperationException {
    Class<?> signalType = Class.forName("sun.misc.Signal");
    Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
    try {
      Object signal = signalType.getConstructor(String.class).newInstance("INT");
      return signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
    } catch (InvocationTargetException e) {
      // IllegalArgumentException: the JVM uses the signal itself, or was started with -Xrs.
      throw new ReflectiveOperationException(e.getCause());
    }
  }

  /** Gives Ctrl-C back to whoever had it. */
  @Override
  public void close() {
    if (previous != null) {
      try {
        install(previous);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("Ctrl-C: cannot be given back: " + e.getMessage(), e);
      }
    }
  }
}
