package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.HostTensor;
import dev.wick.engine.nd4j.host.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * On arrays of ND4J's own, for backends such as CUDA that cannot compute on the host's memory. The
 * second factor, usually a weight, stays there until its buffer is written; the first factor and
 * the result are copied each time.
 */
record MirroredProducts() implements Products {
  @Override
  public Kernel of(Matrix a, Matrix b, Matrix result, double factor, Scratch scratch) {
    List<Kernel> steps = new ArrayList<>();
    Matrix left = Products.dense(a, a.isRowMajor(), steps, scratch);
    boolean transposed = !b.isRowMajor();
    Matrix stored = transposed ? b.transpose() : b;
    Matrix right = Products.dense(stored, stored.isRowMajor(), steps, scratch);
    steps.add(() -> multiply(left, right, transposed, result, factor));
    return Products.sequence(steps);
  }

  private static void multiply(
      Matrix left, Matrix right, boolean transposed, Matrix result, double factor) {
    Nd4jBuffer owner = right.owner();
    Mirror passing = new Mirror();
    Mirror kept = owner == null ? passing : owner.mirror(right.host());
    try (INDArray a = array(left);
        INDArray c = Nd4j.createUninitialized(DataType.FLOAT, result.rows(), result.columns())) {
      INDArray b = kept.array(owner == null ? 0 : owner.writes(), () -> array(right));
      Nd4j.exec(
          DynamicCustomOp.builder("matmul")
              .addInputs(a, b)
              .addOutputs(c)
              .addFloatingPointArguments(factor, 0.0)
              .addIntegerArguments(0, transposed ? 1 : 0, 0)
              .build());
      float[] product = c.data().asFloat();
      HostTensor to = result.host();
      MemorySegment.copy(
          product, 0, to.memory(), ValueLayout.JAVA_FLOAT, to.byteOffset(), product.length);
    } finally {
      passing.close();
    }
  }

  /** A copy of a row-major matrix. */
  private static INDArray array(Matrix matrix) {
    HostTensor from = matrix.host();
    float[] elements = new float[Math.toIntExact(matrix.rows() * matrix.columns())];
    MemorySegment.copy(
        from.memory(), ValueLayout.JAVA_FLOAT, from.byteOffset(), elements, 0, elements.length);
    return Nd4j.create(elements, new long[] {matrix.rows(), matrix.columns()}, 'c');
  }
}
