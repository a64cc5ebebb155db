package dev.wick.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void of_extents_countsAndDescribesThem() {
    Shape shape = Shape.of(2, 3, 4);

    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.size()).isEqualTo(24);
    assertThat(shape.extent(-1)).isEqualTo(4);
    assertThat(shape.contiguousStrides()).containsExactly(12, 4, 1);
    assertThat(shape).hasToString("[2, 3, 4]").isEqualTo(Shape.of(2, 3, 4));
    assertThat(Shape.SCALAR.size()).isEqualTo(1);
    assertThat(Shape.of(5, 0, 7).size()).isZero();
  }

  @Test
  void of_badExtents_isRefused() {
    assertThatThrownBy(() -> Shape.of(2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shape: expected extents of at least 0, got [2, -1]");
    assertThatThrownBy(() -> Shape.of(1L << 40, 1L << 40)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void of_array_keepsItsOwnCopy() {
    long[] extents = {2, 3};
    Shape shape = Shape.of(extents);

    extents[0] = 9;
    shape.toArray()[1] = 9;

    assertThat(shape).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void axis_outside_isRefused() {
    Shape shape = Shape.of(2, 3);

    assertThat(shape.axis(-2)).isZero();
    assertThatThrownBy(() -> shape.axis(2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("shape: expected an axis of [2, 3], got 2");
    assertThatThrownBy(() -> shape.extent(-3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Shape.SCALAR.extent(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void withAndWithout_axis_changeOnlyIt() {
    Shape shape = Shape.of(2, 3, 4);

    assertThat(shape.with(-1, 9)).isEqualTo(Shape.of(2, 3, 9));
    assertThat(shape.without(1)).isEqualTo(Shape.of(2, 4));
    assertThat(Shape.of(5).without(0)).isEqualTo(Shape.SCALAR);
    assertThat(shape).isEqualTo(Shape.of(2, 3, 4));
  }

  @Test
  void broadcast_shapes_followNumPy() {
    assertThat(Shape.broadcast(Shape.of(5, 1), Shape.of(3))).isEqualTo(Shape.of(5, 3));
    assertThat(Shape.broadcast(Shape.SCALAR, Shape.of(2, 3))).isEqualTo(Shape.of(2, 3));
    assertThat(Shape.broadcast(Shape.of(8, 1, 6, 1), Shape.of(7, 1, 5)))
        .isEqualTo(Shape.of(8, 7, 6, 5));
    assertThat(Shape.broadcast(Shape.of(0, 3), Shape.of(1, 3))).isEqualTo(Shape.of(0, 3));
  }

  @Test
  void broadcast_unequalExtents_isRefused() {
    assertThatThrownBy(() -> Shape.broadcast(Shape.of(2, 3), Shape.of(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("broadcast: expected equal extents or 1, got [2, 3] and [2]");
    assertThatThrownBy(() -> Shape.broadcast(Shape.of(0), Shape.of(2)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
