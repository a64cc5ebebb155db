package dev.wick.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Views against arrays of positions, which are moved about element by element. */
class LayoutTest {
  /** A layout with the position in storage of each element, in row-major order. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, only carried
  private record View(Layout layout, long[] positions) {
    static View contiguous(long... extents) {
      Layout layout = Layout.contiguous(Shape.of(extents));
      long[] positions = new long[Math.toIntExact(layout.shape().size())];
      Arrays.setAll(positions, i -> i);
      return new View(layout, positions);
    }

    /** What the strides say, for comparison. */
    long[] computed(long offset) {
      return LayoutTest.positions(layout, offset);
    }
  }

  private static long[] positions(Layout layout, long offset) {
    Shape shape = layout.shape();
    long[] result = new long[Math.toIntExact(shape.size())];
    for (int i = 0; i < result.length; i++) {
      long[] index = index(shape, i);
      result[i] = offset;
      for (int axis = 0; axis < index.length; axis++) {
        result[i] += index[axis] * layout.stride(axis);
      }
    }
    return result;
  }

  private static long[] index(Shape shape, long flat) {
    long[] index = new long[shape.rank()];
    long rest = flat;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      index[axis] = rest % shape.extent(axis);
      rest /= shape.extent(axis);
    }
    return index;
  }

  private static int flat(Shape shape, long[] index) {
    long flat = 0;
    for (int axis = 0; axis < index.length; axis++) {
      flat = flat * shape.extent(axis) + index[axis];
    }
    return Math.toIntExact(flat);
  }

  private static Shape randomShape(SplittableRandom random) {
    long[] extents = new long[random.nextInt(5)];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(4);
    }
    return Shape.of(extents);
  }

  @Test
  void views_atRandom_areWhatIndicesSay() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 3000; round++) {
      View view = View.contiguous(randomShape(random).toArray());
      long offset = 0;
      StringBuilder history = new StringBuilder("seed " + seed + ": " + view.layout());
      for (int step = 0; step < 4; step++) {
        Shape shape = view.layout().shape();
        switch (random.nextInt(4)) {
          case 0 -> {
            if (shape.rank() > 0) {
              int a = random.nextInt(shape.rank());
              int b = random.nextInt(-shape.rank(), shape.rank());
              view = transposed(view, a, b);
              history.append(" transposed ").append(a).append(' ').append(b);
            }
          }
          case 1 -> {
            if (shape.rank() > 0) {
              int axis = random.nextInt(shape.rank());
              int from = random.nextInt((int) shape.extent(axis) + 1);
              int to = from + random.nextInt((int) shape.extent(axis) - from + 1);
              offset += from * view.layout().stride(axis);
              view = sliced(view, axis, from, to);
              history.append(" sliced ").append(axis).append(' ').append(from).append("..");
            }
          }
          case 2 -> {
            view = broadcast(view, random);
            history.append(" broadcast to ").append(view.layout().shape());
          }
          default -> {
            Shape target = regrouped(shape, random);
            Optional<Layout> reshaped = view.layout().reshape(target);
            history.append(" reshaped to ").append(target);
            if (reshaped.isPresent()) {
              view = new View(reshaped.get(), view.positions());
            }
          }
        }
        if (view.positions().length > 0) {
          assertThat(view.computed(offset)).as("%s", history).isEqualTo(view.positions());
        }
        checkDescription(view, history.toString());
      }
    }
  }

  private static void checkDescription(View view, String history) {
    long[] positions = view.positions();
    boolean gapless = true;
    long first = positions.length == 0 ? 0 : positions[0];
    long last = first - 1;
    for (int i = 0; i < positions.length; i++) {
      gapless &= positions[i] == first + i;
      last = Math.max(last, positions[i]);
    }
    assertThat(view.layout().isContiguous()).as("contiguous, %s", history).isEqualTo(gapless);
    assertThat(view.layout().span()).as("span, %s", history).isEqualTo(last - first + 1);
  }

  private static View transposed(View view, int a, int b) {
    Shape shape = view.layout().shape();
    Layout layout = view.layout().transpose(a, b);
    long[] positions = new long[view.positions().length];
    for (int i = 0; i < positions.length; i++) {
      long[] index = index(layout.shape(), i);
      long other = index[shape.axis(a)];
      index[shape.axis(a)] = index[shape.axis(b)];
      index[shape.axis(b)] = other;
      positions[i] = view.positions()[flat(shape, index)];
    }
    return new View(layout, positions);
  }

  private static View sliced(View view, int axis, int from, int to) {
    Shape shape = view.layout().shape();
    Layout layout = view.layout().slice(axis, from, to);
    long[] positions = new long[Math.toIntExact(layout.shape().size())];
    for (int i = 0; i < positions.length; i++) {
      long[] index = index(layout.shape(), i);
      index[axis] += from;
      positions[i] = view.positions()[flat(shape, index)];
    }
    return new View(layout, positions);
  }

  private static View broadcast(View view, SplittableRandom random) {
    Shape shape = view.layout().shape();
    int more = random.nextInt(2);
    long[] extents = new long[shape.rank() + more];
    Arrays.fill(extents, 2);
    for (int axis = 0; axis < shape.rank(); axis++) {
      long extent = shape.extent(axis);
      extents[axis + more] = extent == 1 ? 1 + random.nextInt(3) : extent;
    }
    Layout layout = view.layout().broadcast(Shape.of(extents));
    long[] positions = new long[Math.toIntExact(layout.shape().size())];
    for (int i = 0; i < positions.length; i++) {
      long[] index = Arrays.copyOfRange(index(layout.shape(), i), more, extents.length);
      for (int axis = 0; axis < index.length; axis++) {
        index[axis] = shape.extent(axis) == 1 ? 0 : index[axis];
      }
      positions[i] = view.positions()[flat(shape, index)];
    }
    return new View(layout, positions);
  }

  /** The same elements in fewer, more or other axes. */
  private static Shape regrouped(Shape shape, SplittableRandom random) {
    long rest = shape.size();
    if (rest == 0) {
      return random.nextBoolean() ? Shape.of(0, 3) : shape;
    }
    long[] extents = new long[1 + random.nextInt(4)];
    for (int i = 0; i < extents.length; i++) {
      long divisor = 1L + random.nextInt(6);
      extents[i] = i == extents.length - 1 ? rest : rest % divisor == 0 ? divisor : 1;
      rest /= extents[i];
    }
    return Shape.of(extents);
  }

  @Test
  void reshape_ofEverySplitOfAnAxis_needsNoCopy() {
    Layout transposed = Layout.contiguous(Shape.of(6, 4)).transpose(0, 1); // strides 1, 4

    assertThat(transposed.reshape(Shape.of(4, 2, 3)).orElseThrow().strides())
        .containsExactly(1, 12, 4);
    assertThat(transposed.reshape(Shape.of(2, 1, 2, 6)).orElseThrow().strides())
        .containsExactly(2, 2, 1, 4);
    assertThat(transposed.reshape(Shape.of(24))).isEmpty();
    assertThat(transposed.reshape(Shape.of(8, 3))).isEmpty();
  }

  @Test
  void reshape_ofARepeatedAxis_keepsStrideZero() {
    Layout repeated = Layout.contiguous(Shape.of(1, 3)).broadcast(Shape.of(4, 3));

    assertThat(repeated.reshape(Shape.of(2, 2, 3)).orElseThrow().strides())
        .containsExactly(0, 0, 1);
    assertThat(repeated.reshape(Shape.of(12))).isEmpty();
  }

  @Test
  void reshape_ofAnotherSize_isRefused() {
    assertThatThrownBy(() -> Layout.contiguous(Shape.of(2, 3)).reshape(Shape.of(7)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("reshape: expected 6 elements as in [2, 3], got [7]");
  }

  @Test
  void slice_outsideOfTheAxis_isRefused() {
    Layout layout = Layout.contiguous(Shape.of(2, 3));

    assertThatThrownBy(() -> layout.slice(1, 1, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("slice: expected a range within 0..3 of axis 1 of [2, 3], got 1..4");
    assertThatThrownBy(() -> layout.slice(1, 2, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> layout.slice(1, -1, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void broadcast_toASmallerShape_isRefused() {
    Layout layout = Layout.contiguous(Shape.of(2, 3));

    assertThatThrownBy(() -> layout.broadcast(Shape.of(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("broadcast: expected a shape that extends to [3], got [2, 3]");
    assertThatThrownBy(() -> layout.broadcast(Shape.of(2, 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void toString_ofAView_showsStrides() {
    Layout layout = Layout.contiguous(Shape.of(2, 3));

    assertThat(layout).hasToString("[2, 3]");
    assertThat(layout.transpose(0, 1)).hasToString("[3, 2] strides [1, 3]");
  }
}
