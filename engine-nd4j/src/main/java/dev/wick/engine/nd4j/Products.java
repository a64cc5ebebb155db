package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.nd4j.host.MovementLoops;
import java.util.ArrayList;
import java.util.List;

/** How ND4J multiplies matrices. */
sealed interface Products permits Products.InPlace, MirroredProducts {
  /**
   * {@code result = factor * a * b}.
   *
   * @param result row-major
   */
  Kernel of(Matrix a, Matrix b, Matrix result, double factor, Scratch scratch);

  /** A matrix itself if it is dense, else a copy that is made before each product. */
  static Matrix dense(Matrix matrix, boolean isDense, List<Kernel> steps, Scratch scratch) {
    if (isDense) {
      return matrix;
    }
    Matrix copy = scratch.matrix(matrix.rows(), matrix.columns());
    steps.add(MovementLoops.copy(0, List.of(matrix.host()), copy.host()));
    return copy;
  }

  /** The steps one after another. */
  static Kernel sequence(List<Kernel> steps) {
    return steps.size() == 1 ? steps.getFirst() : () -> steps.forEach(Kernel::run);
  }

  /** On the host's memory, straight into the result. */
  record InPlace() implements Products {
    @Override
    public Kernel of(Matrix a, Matrix b, Matrix result, double factor, Scratch scratch) {
      List<Kernel> steps = new ArrayList<>();
      CustomOp product = product(factor);
      // With one row or column, ND4J's product of matrix and vector is several times faster.
      if (a.rows() == 1) {
        Matrix vector = dense(a, a.isRowMajor(), steps, scratch);
        Matrix matrix = dense(b.transpose(), b.isDense(), steps, scratch);
        product.arrays(result.vector(), matrix.array(), vector.vector());
      } else if (b.columns() == 1) {
        Matrix matrix = dense(a, a.isDense(), steps, scratch);
        Matrix vector = dense(b, b.isRowMajor(), steps, scratch);
        product.arrays(result.vector(), matrix.array(), vector.vector());
      } else {
        Matrix left = dense(a, a.isDense(), steps, scratch);
        Matrix right = dense(b, b.isDense(), steps, scratch);
        product.arrays(result.array(), left.array(), right.array());
      }
      steps.add(product);
      return sequence(steps);
    }

    /** ND4J's {@code factor * a * b}, to be given its arrays. */
    static CustomOp product(double factor) {
      return new CustomOp("matmul").numbers(factor, 0).integers(0, 0, 0);
    }
  }
}
