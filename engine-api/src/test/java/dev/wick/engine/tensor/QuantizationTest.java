package dev.wick.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizationTest {
  private static final int ELEMENTS = 2048;

  /** Bounds on the relative error of normally distributed numbers, a tenth above what is usual. */
  @ParameterizedTest
  @CsvSource({
    "Q8_0, 0.006",
    "Q6_K, 0.019",
    "Q5_K, 0.037",
    "Q5_0, 0.045",
    "Q5_1, 0.040",
    "Q4_K, 0.076",
    "Q4_0, 0.092",
    "Q4_1, 0.081"
  })
  void encode_normalNumbers_comeBackWithinTheTypesError(DType dtype, double bound) {
    Random random = new Random(42);
    float[] x = new float[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      x[i] = (float) random.nextGaussian() / 50;
    }

    float[] back = decoded(dtype, encoded(dtype, x));

    double squares = 0;
    double errors = 0;
    for (int i = 0; i < ELEMENTS; i++) {
      squares += x[i] * x[i];
      errors += (x[i] - back[i]) * (x[i] - back[i]);
    }
    assertThat(Math.sqrt(errors / squares)).isBetween(bound / 1.3, bound);
  }

  @ParameterizedTest
  @EnumSource
  void encode_zeros_comeBackAsZeros(DType dtype) {
    if (!Quantization.encodes(dtype)) {
      assertThatThrownBy(() -> encoded(dtype, new float[256]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("quantize: expected Q8_0")
          .hasMessageContaining("got " + dtype);
      return;
    }
    float[] back = decoded(dtype, encoded(dtype, new float[512]));

    for (float value : back) {
      assertThat(value == 0).isTrue(); // some zeros are negative
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void encode_whatWasDecoded_changesLittle(DType dtype) {
    Random random = new Random(7);
    float[] x = new float[512];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    float[] once = decoded(dtype, encoded(dtype, x));

    float[] twice = decoded(dtype, encoded(dtype, once));

    float largest = 0;
    for (int i = 0; i < x.length; i++) {
      largest = Math.max(largest, Math.abs(once[i] - twice[i]));
    }
    assertThat(largest).isLessThan(0.15f);
  }

  @Test
  void encodeOrNan_numbersOfAllSizes_givesTheBytesOfEncode() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    float[] x = new float[32 * 500];
    for (int i = 0; i < x.length; i++) {
      double size = Math.pow(10, (i / 32 % 49) - 44);
      x[i] =
          (float) (i % 3 == 0 ? size * (random.nextInt(255) - 127) : size * random.nextGaussian());
    }
    byte[] packed = new byte[34 * 500];

    Quantization.encodeOrNan(
        DType.Q8_0, MemorySegment.ofArray(x), 0, MemorySegment.ofArray(packed), 0, x.length);

    assertThat(packed).as("seed %d", seed).isEqualTo(encoded(DType.Q8_0, x));
  }

  @Test
  void encodeOrNan_notFiniteOrTooLarge_isNanThroughout() {
    float[] x = new float[4 * 32];
    x[3] = Float.NaN;
    x[32 + 31] = Float.NEGATIVE_INFINITY;
    x[64] = 1e9f;
    x[96] = 8.3e6f;
    byte[] packed = new byte[4 * 34];

    Quantization.encodeOrNan(
        DType.Q8_0, MemorySegment.ofArray(x), 0, MemorySegment.ofArray(packed), 0, x.length);

    float[] back = decoded(DType.Q8_0, packed);
    for (int i = 0; i < 96; i++) {
      assertThat(back[i]).isNaN();
    }
    assertThat(back[96]).isBetween(8.29e6f, 8.31e6f);
    assertThatThrownBy(
            () ->
                Quantization.encodeOrNan(
                    DType.Q4_0, MemorySegment.ofArray(x), 0, MemorySegment.ofArray(packed), 0, 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("quantize: expected Q8_0, got Q4_0");
  }

  @Test
  void encode_notFinite_isRefused() {
    float[] x = new float[32];
    x[5] = Float.NaN;

    assertThatThrownBy(() -> encoded(DType.Q4_0, x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("quantize: expected finite numbers, got NaN");
  }

  @Test
  void encode_scaleBeyondF16_isRefused() {
    float[] x = new float[32];
    x[5] = 1e9f;

    assertThatThrownBy(() -> encoded(DType.Q8_0, x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("scale fits in F16");
  }

  @Test
  void read_plainType_isRefused() {
    assertThatThrownBy(() -> new QuantizedBlock(DType.BF16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("block: expected a quantised type, got BF16");
  }

  @Test
  void read_q4k_givesScalesOfItsGroups() {
    byte[] block = new byte[DType.Q4_K.blockBytes()];
    block[1] = 0x3c; // scale 1
    block[3] = 0x40; // minimum 2
    block[4] = (byte) 0b11_000101; // scale of group 0: 5; the top of group 4's: 3
    block[8] = (byte) 0b01_000110; // minimum of group 0: 6; the top of group 4's: 1
    block[12] = 0x72; // the rest of group 4: minimum 7, scale 2
    block[16] = 0x4b; // element 0: 11, element 32: 4

    QuantizedBlock read = new QuantizedBlock(DType.Q4_K);
    read.read(MemorySegment.ofArray(block), 0);

    assertThat(read.scale(0)).isEqualTo(5);
    assertThat(read.offset(0)).isEqualTo(-12);
    assertThat(read.scale(4)).isEqualTo(50);
    assertThat(read.offset(4)).isEqualTo(-46);
    assertThat(read.value(0)).isEqualTo(43);
    assertThat(read.quant(32)).isEqualTo((byte) 4);
    assertThat(read.hasOffsets()).isTrue();
    assertThat(read.groupElements()).isEqualTo(32);
  }

  private static byte[] encoded(DType dtype, float[] x) {
    byte[] blocks = new byte[Math.toIntExact(dtype.byteSize(x.length))];
    Quantization.encode(
        dtype, MemorySegment.ofArray(x), 0, MemorySegment.ofArray(blocks), 0, x.length);
    return blocks;
  }

  private static float[] decoded(DType dtype, byte[] blocks) {
    long elements = (long) blocks.length / dtype.blockBytes() * dtype.blockElements();
    return new HostTensor(TensorSpec.of(dtype, elements), MemorySegment.ofArray(blocks))
        .toFloatArray();
  }
}
