package dev.wick.lora.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterNameTest {
  @ParameterizedTest
  @ValueSource(strings = {"sql", "a", "0", "Sql-v2_final.1"})
  void check_plainName_returnsIt(String name) {
    assertThat(AdapterName.check(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "../x", "a b", "a/b", "-a", "ä", "a\n"})
  void check_nameThatCouldBePathOrOption_isRefused(String name) {
    assertThatThrownBy(() -> AdapterName.check(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("adapter: expected a name of 1 to 100")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {101, 100_000})
  void check_longName_isRefusedInShortWords(int length) {
    assertThatThrownBy(() -> AdapterName.check("x".repeat(length)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .hasSizeLessThan(250);
  }
}
