package dev.wick.tokenizers.jinja;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names that one scope declares, and where each gets its value when the scope is entered.
 *
 * <p>jinja2 decides this before the template runs, by reading the whole scope: a name that a loop's
 * body assigns starts each iteration with the outer value, and one that is only assigned later in
 * the scope hides a variable of the context from inner scopes. Looking names up at run time alone
 * would differ.
 */
final class Symbols {
  /** How a name gets its first value. */
  enum Load {
    /** By the statement that opens the scope. */
    PARAMETER,
    /** From the variables given to the template. */
    CONTEXT,
    /** From the enclosing scope. */
    OUTER,
    /** Not before it is assigned. */
    NOTHING
  }

  private final @Nullable Symbols parent;
  private final Map<String, Load> loads;
  private final Set<String> stores;

  Symbols(@Nullable Symbols parent) {
    this(parent, new LinkedHashMap<>(), new HashSet<>());
  }

  private Symbols(@Nullable Symbols parent, Map<String, Load> loads, Set<String> stores) {
    this.parent = parent;
    this.loads = loads;
    this.stores = stores;
  }

  Symbols copy() {
    return new Symbols(parent, new LinkedHashMap<>(loads), new HashSet<>(stores));
  }

  @Nullable Symbols parent() {
    return parent;
  }

  Map<String, Load> loads() {
    return loads;
  }

  Set<String> stores() {
    return stores;
  }

  private boolean knows(String name) {
    for (Symbols scope = this; scope != null; scope = scope.parent) {
      if (scope.loads.containsKey(name)) {
        return true;
      }
    }
    return false;
  }

  private boolean outerKnows(String name) {
    return parent != null && parent.knows(name);
  }

  void load(String name) {
    if (!knows(name)) {
      loads.put(name, Load.CONTEXT);
    }
  }

  void store(String name) {
    stores.add(name);
    if (!loads.containsKey(name)) {
      loads.put(name, outerKnows(name) ? Load.OUTER : Load.NOTHING);
    }
  }

  void parameter(String name) {
    stores.add(name);
    loads.put(name, Load.PARAMETER);
  }

  /**
   * Joins the branches of a conditional: what only some of them assign may keep its former value.
   */
  void merge(Symbols... branches) {
    Set<String> assigned = new HashSet<>();
    for (Symbols branch : branches) {
      assigned.addAll(branch.stores);
    }
    assigned.removeAll(stores);
    for (Symbols branch : branches) {
      loads.putAll(branch.loads);
      stores.addAll(branch.stores);
    }
    for (String name : assigned) {
      loads.put(name, outerKnows(name) ? Load.OUTER : Load.CONTEXT);
    }
  }
}
