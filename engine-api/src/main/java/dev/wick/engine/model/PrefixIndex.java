package dev.wick.engine.model;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of a {@link KvPool} hold the keys and values of which tokens: a tree whose edges are
 * the tokens of a full block and whose roots stand for the adapters that computed them. Compares
 * tokens, not hashes, so that it never takes one text for another. Guarded by the pool.
 *
 * <p>Blocks that nobody has leased any more are idle, the least recently used first. A lease gives
 * its last block back first, so that a block never goes before those that continue it.
 */
final class PrefixIndex {
  private final int blockSize;
  private final Map<Edge, Node> nodes = new HashMap<>();
  private final @Nullable Node[] nodeOf; // by block
  private final LinkedHashSet<Integer> idle = new LinkedHashSet<>();
  private final List<Node> roots = new ArrayList<>();

  PrefixIndex(int blocks, int blockSize) {
    this.blockSize = blockSize;
    this.nodeOf = new Node[blocks];
  }

  /** Where the sequences begin that these adapters compute. */
  Node root(List<AdapterUse> adapters) {
    for (Iterator<Node> each = roots.iterator(); each.hasNext(); ) {
      Node root = each.next();
      if (root.isFor(adapters)) {
        return root;
      }
      if (root.isForgotten()) {
        each.remove();
      }
    }
    Node root = new Node(null, -1, adapters);
    roots.add(root);
    return root;
  }

  /** The longest known beginning of a sequence, in full blocks. */
  Node longest(List<AdapterUse> adapters, IntUnaryOperator tokens, int count) {
    Node node = root(adapters);
    for (int end = blockSize; end <= count; end += blockSize) {
      Node next = nodes.get(edge(node, tokens));
      if (next == null) {
        return node;
      }
      node = next;
    }
    return node;
  }

  /**
   * Notes what a block holds, unless another block is known to hold the same.
   *
   * @param parent what stands in front of it
   * @return the node of these tokens
   */
  Node add(Node parent, IntUnaryOperator tokens, int block) {
    if (parent.isGone()) {
      return new Node(parent, -1, List.of()); // nobody could find it
    }
    Edge edge = edge(parent, tokens);
    Node known = nodes.get(edge);
    if (known != null || nodeOf[block] != null) {
      return known == null ? new Node(parent, -1, List.of()) : known;
    }
    Node node = new Node(parent, block, List.of());
    node.edge = edge;
    nodes.put(edge, node);
    nodeOf[block] = node;
    return node;
  }

  private Edge edge(Node parent, IntUnaryOperator tokens) {
    int[] ids = new int[blockSize];
    int start = parent.depth * blockSize;
    for (int i = 0; i < blockSize; i++) {
      ids[i] = tokens.applyAsInt(start + i);
    }
    return new Edge(parent, ids);
  }

  /** Whether it is known what a block holds. */
  boolean knows(int block) {
    return nodeOf[block] != null;
  }

  /** Forgets what a block holds. */
  void forget(int block) {
    Node node = nodeOf[block];
    if (node != null) {
      nodes.remove(node.edge);
      node.block = -1;
      node.edge = null;
      nodeOf[block] = null;
    }
  }

  /** Notes that nobody has leased a known block any more. */
  void rest(int block) {
    idle.add(block);
  }

  /** Notes that an idle block is leased again. */
  void wake(int block) {
    idle.remove(block);
  }

  /** Number of idle blocks. */
  int idleBlocks() {
    return idle.size();
  }

  /** Forgets the idle block that was used least recently and returns it. */
  int evict() {
    int block = idle.removeFirst();
    forget(block);
    return block;
  }

  /** The tokens of a block, after what stands in front of them. */
  private static final class Edge {
    private final Node parent;
    private final int[] tokens;

    private Edge(Node parent, int[] tokens) {
      this.parent = parent;
      this.tokens = tokens;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Edge edge
          && parent == edge.parent
          && Arrays.equals(tokens, edge.tokens);
    }

    @Override
    public int hashCode() {
      return 31 * System.identityHashCode(parent) + Arrays.hashCode(tokens);
    }
  }

  /** A beginning of sequences, some blocks long. */
  static final class Node {
    private final @Nullable Node parent;
    private final int depth;
    private final List<WeakReference<Adapter>> adapters;
    private final float[] weights;
    private int block;
    private @Nullable Edge edge;

    private Node(@Nullable Node parent, int block, List<AdapterUse> uses) {
      this.parent = parent;
      this.depth = parent == null ? 0 : parent.depth + 1;
      this.block = block;
      this.adapters = uses.stream().map(use -> new WeakReference<>(use.adapter())).toList();
      this.weights = new float[uses.size()];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = uses.get(i).weight();
      }
    }

    /** Number of blocks. */
    int depth() {
      return depth;
    }

    /** The block of its last tokens. */
    int block() {
      return block;
    }

    /** The beginning of this one that has so many blocks. */
    Node ancestor(int blocks) {
      Node node = this;
      while (node.depth > blocks && node.parent != null) {
        node = node.parent;
      }
      return node;
    }

    /** Whether its block holds something else now, or never was its own. */
    private boolean isGone() {
      return parent != null && block < 0;
    }

    private boolean isFor(List<AdapterUse> uses) {
      if (uses.size() != weights.length) {
        return false;
      }
      for (int i = 0; i < weights.length; i++) {
        if (!adapters.get(i).refersTo(uses.get(i).adapter())
            || weights[i] != uses.get(i).weight()) {
          return false;
        }
      }
      return true;
    }

    /** Whether one of its adapters no longer exists, so that nobody will ask for it. */
    private boolean isForgotten() {
      return adapters.stream().anyMatch(adapter -> adapter.refersTo(null));
    }
  }
}
