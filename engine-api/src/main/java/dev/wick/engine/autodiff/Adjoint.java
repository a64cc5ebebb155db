package dev.wick.engine.autodiff;

import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of one value while it is being collected. Whole gradients are added as they come, so
 * that one is kept at a time; those of slices are kept and put side by side in the end, so that the
 * halves of a vector or the parts of a joint projection cost one copy and not one each.
 */
final class Adjoint {
  private record Part(long from, long to, Expr gradient) {}

  private final Tape tape;
  private final Shape shape;
  private @Nullable Expr sum;
  private final Map<Integer, List<Part>> partsByAxis = new TreeMap<>();

  Adjoint(Tape tape, Shape shape) {
    this.tape = tape;
    this.shape = shape;
  }

  void add(Expr gradient) {
    sum = sum == null ? gradient : sum.add(gradient);
  }

  void add(Movement.Slice slice, Expr gradient) {
    if (slice.to() - slice.from() == shape.extent(slice.axis())) {
      add(gradient);
    } else {
      partsByAxis
          .computeIfAbsent(slice.axis(), axis -> new ArrayList<>())
          .add(new Part(slice.from(), slice.to(), gradient));
    }
  }

  /** The sum of all that was added, F32 in the value's shape. */
  Expr total() {
    partsByAxis.forEach(
        (axis, parts) -> {
          parts.sort(Comparator.comparingLong(Part::from));
          layers(parts).forEach(layer -> add(sideBySide(axis, layer)));
        });
    partsByAxis.clear();
    return sum == null ? tape.zero().broadcast(shape) : sum;
  }

  /** Parts in order, spread over as few lists as need be for no two in one to overlap. */
  private static List<List<Part>> layers(List<Part> parts) {
    List<List<Part>> layers = new ArrayList<>();
    for (Part part : parts) {
      List<Part> free = null;
      for (List<Part> layer : layers) {
        if (layer.getLast().to() <= part.from()) {
          free = layer;
          break;
        }
      }
      if (free == null) {
        free = new ArrayList<>();
        layers.add(free);
      }
      free.add(part);
    }
    return layers;
  }

  private Expr sideBySide(int axis, List<Part> parts) {
    List<Expr> pieces = new ArrayList<>();
    long end = 0;
    for (Part part : parts) {
      addGap(pieces, axis, end, part.from());
      pieces.add(part.gradient());
      end = part.to();
    }
    addGap(pieces, axis, end, shape.extent(axis));
    return Expr.apply(new Copy(axis), pieces).getFirst();
  }

  private void addGap(List<Expr> pieces, int axis, long from, long to) {
    if (to > from) {
      pieces.add(tape.zero().broadcast(shape.with(axis, to - from)));
    }
  }
}
