package dev.wick.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
  @ParameterizedTest
  @EnumSource
  void dtype_always_isOfExactlyOneKind(DType dtype) {
    int kinds = dtype.isFloat() ? 1 : 0;
    kinds += dtype.isInteger() ? 1 : 0;
    kinds += dtype.isQuantized() ? 1 : 0;
    kinds += dtype == DType.BOOL ? 1 : 0;

    assertThat(kinds).isEqualTo(1);
    assertThat(dtype.blockElements() > 1).isEqualTo(dtype.isQuantized());
  }

  @Test
  void byteSize_plainType_isElementsTimesBytes() {
    assertThat(DType.F32.byteSize(7)).isEqualTo(28);
    assertThat(DType.BF16.byteSize(7)).isEqualTo(14);
    assertThat(DType.BOOL.byteSize(7)).isEqualTo(7);
    assertThat(DType.U64.byteSize(0)).isZero();
  }

  @Test
  void byteSize_quantisedType_countsWholeBlocks() {
    // 32 elements with an F16 scale: GGUF's block_q8_0 and block_q4_0.
    assertThat(DType.Q8_0.byteSize(64)).isEqualTo(68);
    assertThat(DType.Q4_0.byteSize(96)).isEqualTo(54);
    assertThat(DType.Q6_K.byteSize(256)).isEqualTo(210);
  }

  @Test
  void byteSize_partOfABlock_isRefused() {
    assertThatThrownBy(() -> DType.Q8_0.byteSize(33))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("dtype: expected a multiple of 32 elements for Q8_0, got 33");
    assertThatThrownBy(() -> DType.F32.byteSize(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void byteSize_moreThanALong_isRefused() {
    assertThatThrownBy(() -> DType.F64.byteSize(Long.MAX_VALUE / 4))
        .isInstanceOf(ArithmeticException.class);
  }
}
