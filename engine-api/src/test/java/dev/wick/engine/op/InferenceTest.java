package dev.wick.engine.op;

import static dev.wick.engine.tensor.DType.BF16;
import static dev.wick.engine.tensor.DType.BOOL;
import static dev.wick.engine.tensor.DType.F16;
import static dev.wick.engine.tensor.DType.F32;
import static dev.wick.engine.tensor.DType.I32;
import static dev.wick.engine.tensor.DType.I64;
import static dev.wick.engine.tensor.DType.Q4_0;
import static dev.wick.engine.tensor.DType.Q8_0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each operation accepts and gives; all validation stands in {@code infer}. */
class InferenceTest {
  private static TensorSpec of(DType dtype, long... extents) {
    return TensorSpec.of(dtype, extents);
  }

  static Stream<Arguments> accepted() {
    Op attention = new PagedAttention(1, 0);
    return Stream.of(
        Arguments.of(new MatMul(), List.of(of(F32, 2, 3), of(BF16, 3, 5)), of(F32, 2, 5)),
        Arguments.of(
            new MatMul(), List.of(of(F32, 4, 1, 2, 3), of(F16, 7, 3, 5)), of(F32, 4, 7, 2, 5)),
        Arguments.of(new Unary(Unary.Kind.EXP), List.of(of(F32, 2, 0)), of(F32, 2, 0)),
        Arguments.of(
            new Binary(Binary.Kind.ADD), List.of(of(I32, 2, 1), of(I32, 3)), of(I32, 2, 3)),
        Arguments.of(
            new Compare(Compare.Kind.LT), List.of(of(F32, 2, 1), of(F32, 3)), of(BOOL, 2, 3)),
        Arguments.of(
            new Select(), List.of(of(BOOL, 4, 1, 1), of(F32, 2, 1), of(F32)), of(F32, 4, 2, 1)),
        Arguments.of(new Reduce(Reduce.Kind.SUM, 0), List.of(of(F32, 0, 3)), of(F32, 1, 3)),
        Arguments.of(new ArgReduce(ArgReduce.Kind.MAX, -1), List.of(of(F32, 2, 3)), of(I32, 2, 1)),
        Arguments.of(new Cast(BF16), List.of(of(F32, 2)), of(BF16, 2)),
        Arguments.of(new Copy(-1), List.of(of(I64, 2, 3), of(I64, 2, 0)), of(I64, 2, 3)),
        Arguments.of(new Copy(9), List.of(of(F16, 2, 3)), of(F16, 2, 3)),
        Arguments.of(new Gather(), List.of(of(BF16, 9, 4, 5), of(I32, 2, 3)), of(BF16, 2, 3, 4, 5)),
        Arguments.of(new Gather(), List.of(of(F32, 9), of(I32)), of(F32)),
        Arguments.of(
            new Scatter(Scatter.Mode.ADD),
            List.of(of(F32, 9, 4), of(I32, 2), of(F32, 2, 4)),
            of(F32, 9, 4)),
        Arguments.of(
            new Scatter(Scatter.Mode.SET),
            List.of(of(Q8_0, 9, 2, 64), of(I32, 3), of(F32, 3, 2, 64)),
            of(Q8_0, 9, 2, 64)),
        Arguments.of(new Iota(I32, 5, 0, 1), List.of(), of(I32, 5)),
        Arguments.of(new Dequantize(), List.of(of(Q8_0, 2, 64)), of(F32, 2, 64)),
        Arguments.of(new RmsNorm(1e-6f), List.of(of(F32, 2, 3), of(F32, 3)), of(F32, 2, 3)),
        Arguments.of(new Softmax(), List.of(of(F32, 2, 3)), of(F32, 2, 3)),
        Arguments.of(new LogSumExp(), List.of(of(F32, 2, 3)), of(F32, 2, 1)),
        Arguments.of(new SwiGlu(), List.of(of(F32, 2), of(F32, 2)), of(F32, 2)),
        Arguments.of(
            new Rope(), List.of(of(F32, 2, 3, 9), of(F32, 2, 4), of(F32, 2, 4)), of(F32, 2, 3, 9)),
        Arguments.of(
            new ExpertMatMul(),
            List.of(of(F32, 2, 1, 3), of(I32, 2, 4), of(F16, 5, 3), of(F16, 5, 3)),
            of(F32, 2, 4, 5)),
        Arguments.of(
            attention,
            List.of(
                of(F32, 7, 6, 8),
                of(F32, 9, 32, 2, 8),
                of(F32, 9, 32, 2, 5),
                of(I32, 3, 4),
                of(I32, 7),
                of(I32, 7)),
            of(F32, 7, 6, 5)),
        Arguments.of(
            attention,
            List.of(
                of(F32, 7, 6, 64),
                of(Q8_0, 9, 32, 2, 64),
                of(Q8_0, 9, 32, 2, 32),
                of(I32, 3, 4),
                of(I32, 7),
                of(I32, 7)),
            of(F32, 7, 6, 32)));
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void infer_operandsThatFit_givesTheResult(Op op, List<TensorSpec> operands, TensorSpec result) {
    assertThat(op.infer(operands).getFirst()).isEqualTo(result);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(new MatMul(), List.of(of(F32, 2, 3), of(F32, 4, 5)), "equal inner extents"),
        Arguments.of(new MatMul(), List.of(of(BF16, 2, 3), of(F32, 3, 5)), "operand 0 in F32"),
        Arguments.of(new MatMul(), List.of(of(F32, 2, 32), of(Q8_0, 32, 32)), "dequantize"),
        Arguments.of(new MatMul(), List.of(of(F32, 3), of(F32, 3, 2)), "rank 2 or more"),
        Arguments.of(new MatMul(), List.of(of(F32, 3, 2)), "2 operands"),
        Arguments.of(new Unary(Unary.Kind.EXP), List.of(of(I32, 3)), "operand 0 in F32"),
        Arguments.of(new Binary(Binary.Kind.ADD), List.of(of(F32, 3), of(I32, 3)), "two F32"),
        Arguments.of(new Binary(Binary.Kind.POW), List.of(of(I32, 3), of(I32, 3)), "two F32"),
        Arguments.of(new Binary(Binary.Kind.ADD), List.of(of(F32, 3), of(F32, 2)), "extents or 1"),
        Arguments.of(new Compare(Compare.Kind.EQ), List.of(of(BOOL, 3), of(BOOL, 3)), "two F32"),
        Arguments.of(new Select(), List.of(of(I32, 3), of(F32, 3), of(F32, 3)), "in BOOL"),
        Arguments.of(new Select(), List.of(of(BOOL, 3), of(F16, 3), of(F16, 3)), "choices"),
        Arguments.of(new Reduce(Reduce.Kind.SUM, 2), List.of(of(F32, 3, 3)), "axis 2"),
        Arguments.of(new Reduce(Reduce.Kind.MAX, 0), List.of(of(F32, 0, 3)), "at least one"),
        Arguments.of(
            new ArgReduce(ArgReduce.Kind.MIN, 0), List.of(of(F32, 0, 3)), "with elements along"),
        Arguments.of(new Cast(I64), List.of(of(F32, 3)), "here to I64"),
        Arguments.of(new Copy(0), List.of(), "at least one operand"),
        Arguments.of(new Copy(0), List.of(of(F32, 3, 2), of(F32, 3, 3)), "at most along axis 0"),
        Arguments.of(new Copy(0), List.of(of(F32, 3), of(I32, 3)), "one type"),
        Arguments.of(new Copy(0), List.of(of(Q8_0, 32)), "plain type"),
        Arguments.of(new Gather(), List.of(of(F32), of(I32, 3)), "at least one axis"),
        Arguments.of(new Gather(), List.of(of(F32, 3), of(I64, 3)), "operand 1 in I32"),
        Arguments.of(
            new Scatter(Scatter.Mode.SET),
            List.of(of(F32, 9, 4), of(I32, 3), of(F32, 2, 4)),
            "one row of the table per index"),
        Arguments.of(
            new Scatter(Scatter.Mode.SET),
            List.of(of(Q8_0, 9, 48), of(I32, 2), of(F32, 2, 48)),
            "whose rows are whole blocks"),
        Arguments.of(
            new Scatter(Scatter.Mode.SET),
            List.of(of(Q4_0, 9, 32), of(I32, 2), of(F32, 2, 32)),
            "a quantised table in Q8_0"),
        Arguments.of(
            new Scatter(Scatter.Mode.ADD),
            List.of(of(Q8_0, 9, 32), of(I32, 2), of(F32, 2, 32)),
            "operand 0 in F32"),
        Arguments.of(new Iota(I32, 5, 0, 1), List.of(of(I32, 1)), "0 operands"),
        Arguments.of(new Dequantize(), List.of(of(F16, 32)), "quantised type"),
        Arguments.of(new RmsNorm(0), List.of(of(F32, 2, 3), of(F32, 2)), "matches the last axis"),
        Arguments.of(new Softmax(), List.of(of(F32, 2, 0)), "last axis with elements"),
        Arguments.of(new LogSumExp(), List.of(of(F32)), "last axis with elements"),
        Arguments.of(new SwiGlu(), List.of(of(F32, 2), of(F32, 3)), "one shape"),
        Arguments.of(
            new Rope(), List.of(of(F32, 2, 3, 7), of(F32, 2, 4), of(F32, 2, 4)), "headDim / 2"),
        Arguments.of(new TopK(4), List.of(of(F32, 2, 3)), "at least 4"),
        Arguments.of(new CrossEntropy(0), List.of(of(F32, 2, 5)), "2 or 3 operands"),
        Arguments.of(
            new CrossEntropy(0),
            List.of(of(F32, 2, 5), of(I32, 2), of(F32, 3)),
            "weights of [rows]"),
        Arguments.of(
            new ExpertMatMul(),
            List.of(of(F32, 2, 3, 3), of(I32, 2, 4), of(F16, 5, 3)),
            "[tokens, slots or 1, in]"),
        Arguments.of(
            new ExpertMatMul(),
            List.of(of(F32, 2, 1, 3), of(I32, 2, 4), of(F16, 5, 3), of(F32, 5, 3)),
            "one type and shape"),
        Arguments.of(
            new PagedAttention(1, 0),
            List.of(
                of(F32, 7, 5, 8),
                of(F32, 9, 32, 2, 8),
                of(F32, 9, 32, 2, 8),
                of(I32, 3, 4),
                of(I32, 7),
                of(I32, 7)),
            "multiple of the key-value heads"),
        Arguments.of(
            new PagedAttention(1, 0),
            List.of(
                of(F32, 7, 6, 48),
                of(Q8_0, 9, 32, 2, 48),
                of(F32, 9, 32, 2, 48),
                of(I32, 3, 4),
                of(I32, 7),
                of(I32, 7)),
            "operand 1 in F32, or in Q8_0 with heads of whole blocks"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void infer_operandsThatDoNotFit_saysWhatItExpects(
      Op op, List<TensorSpec> operands, String expected) {
    assertThatThrownBy(() -> op.infer(operands))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected")
        .hasMessageContaining("got")
        .hasMessageContaining(expected);
  }

  @Test
  void infer_message_namesOperationAndOperands() {
    assertThatThrownBy(() -> new SwiGlu().infer(List.of(of(F32, 2), of(F32, 3))))
        .hasMessage("swi_glu: expected gate and up of one shape, got [F32[2], F32[3]]");
  }

  @Test
  void topK_results_areValuesAndIndices() {
    assertThat(new TopK(2).infer(List.of(of(F32, 3, 5))))
        .containsExactly(of(F32, 3, 2), of(I32, 3, 2));
  }

  @Test
  void attributes_outOfRange_areRefused() {
    assertThatThrownBy(() -> new TopK(0)).hasMessageContaining("k of at least 1, got 0");
    assertThatThrownBy(() -> new PagedAttention(1, -1)).hasMessageContaining("window");
    assertThatThrownBy(() -> new Iota(F16, 3, 0, 1)).hasMessageContaining("F16[3]");
  }
}
