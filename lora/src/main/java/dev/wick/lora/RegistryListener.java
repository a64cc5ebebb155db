package dev.wick.lora;

/** Hears of changes in a registry. */
@FunctionalInterface
public interface RegistryListener {
  /**
   * Called after a change on the thread that made it, which for {@link RegistryEvent.Kind#RELEASED}
   * may be a request's. Returns soon, throws nothing and does not call the registry.
   */
  void onEvent(RegistryEvent event);
}
