import org.jspecify.annotations.NullMarked;

/**
 * What a machine could do at most, measured by loops that do nothing else: how fast it reads memory
 * and how fast it multiplies and adds. Figures of a model mean something against these.
 *
 * <p>The loops need {@code --add-modules jdk.incubator.vector}.
 */
@NullMarked
module dev.wick.limits {
  requires static jdk.incubator.vector;
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;

  exports dev.wick.limits;
}
