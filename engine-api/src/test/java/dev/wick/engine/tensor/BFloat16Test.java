package dev.wick.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BFloat16Test {
  @Test
  void fromFloat_everyNumberOfTheType_isThatNumber() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      float value = BFloat16.toFloat((short) bits);

      short back = BFloat16.fromFloat(value);

      assertThat(back).isEqualTo((short) (Float.isNaN(value) ? bits | 0x40 : bits));
    }
  }

  @Test
  void fromFloat_betweenTwoNumbers_isTheNearerOrTheEvenOne() {
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f80_7fff))).isEqualTo((short) 0x3f80);
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f80_8000))).isEqualTo((short) 0x3f80);
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f80_8001))).isEqualTo((short) 0x3f81);
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f81_8000))).isEqualTo((short) 0x3f82);
    assertThat(BFloat16.fromFloat(-Float.MAX_VALUE)).isEqualTo((short) 0xff80);
  }

  @Test
  void fromFloat_aNaNOfLowBitsOnly_isNotInfinite() {
    assertThat(BFloat16.toFloat(BFloat16.fromFloat(Float.intBitsToFloat(0x7f80_0001)))).isNaN();
    assertThat(BFloat16.toFloat(BFloat16.fromFloat(Float.intBitsToFloat(0xffff_ffff)))).isNaN();
  }
}
