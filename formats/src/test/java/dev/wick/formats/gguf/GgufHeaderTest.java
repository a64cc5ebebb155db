package dev.wick.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufHeaderTest {
  @TempDir Path folder;

  private GgufHeader read(RawGguf raw) throws IOException {
    return read(raw.bytes());
  }

  private GgufHeader read(byte[] bytes) throws IOException {
    return GgufHeader.read(Files.write(folder.resolve("model.gguf"), bytes));
  }

  private void refuses(RawGguf raw, String message) {
    refuses(raw.bytes(), message);
  }

  private void refuses(byte[] bytes, String message) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(folder.resolve("model.gguf") + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void read_everyValueType_asJavaValues() throws IOException {
    GgufHeader header =
        read(
            new RawGguf()
                .pair("u8", 0, new byte[] {(byte) 200})
                .pair("i8", 1, new byte[] {-3})
                .pair("u16", 2, new byte[] {(byte) 0xff, (byte) 0xff})
                .pair("i16", 3, new byte[] {-2, -1})
                .pair("u32", 4, RawGguf.int32(-1))
                .pair("i32", 5, RawGguf.int32(-1))
                .pair("f32", 6, RawGguf.int32(Float.floatToIntBits(1e-6f)))
                .pair("flag", 7, new byte[] {1})
                .pair("text", "Qwën ✓")
                .pair(
                    "texts",
                    RawGguf.ARRAY,
                    RawGguf.array(8, 3, RawGguf.text("a"), RawGguf.text(""), RawGguf.text("äb")))
                .pair("ints", RawGguf.ARRAY, RawGguf.array(5, 2, RawGguf.int64(-1)))
                .pair("u64", 10, RawGguf.int64(-1))
                .pair("i64", 11, RawGguf.int64(-1))
                .pair("f64", 12, RawGguf.int64(Double.doubleToLongBits(0.1))));

    assertThat(header.version()).isEqualTo(3);
    assertThat(header.metadata().values())
        .containsEntry("u8", 200L)
        .containsEntry("i8", -3L)
        .containsEntry("u16", 65_535L)
        .containsEntry("i16", -2L)
        .containsEntry("u32", 4_294_967_295L)
        .containsEntry("i32", -1L)
        .containsEntry("f32", 1e-6f)
        .containsEntry("flag", true)
        .containsEntry("text", "Qwën ✓")
        .containsEntry("texts", List.of("a", "", "äb"))
        .containsEntry("ints", List.of(-1L, -1L))
        .containsEntry("u64", new BigInteger("18446744073709551615"))
        .containsEntry("i64", -1L)
        .containsEntry("f64", 0.1);
    assertThat(header.metadata().number("f32")).contains(1e-6);
  }

  @Test
  void read_tensors_outermostExtentFirst() throws IOException {
    GgufHeader header =
        read(
            new RawGguf()
                .version(2)
                .tensor("w", 8, 0, 64, 3)
                .tensor("n", 0, 224, 5)
                .data(224 + 20));

    assertThat(header.version()).isEqualTo(2);
    assertThat(header.names()).containsExactly("w", "n");
    assertThat(header.entries().get("w").spec()).isEqualTo(TensorSpec.of(DType.Q8_0, 3, 64));
    assertThat(header.entries().get("w").byteSize()).isEqualTo(2 * 3 * 34);
    assertThat(header.entries().get("n").offset()).isEqualTo(224);
    assertThat(header.dataOffset() % 32).isZero();
    assertThat(header.dataOffset() + 244).isEqualTo(header.fileSize());
  }

  @Test
  void read_otherAlignment_isKept() throws IOException {
    GgufHeader header =
        read(new RawGguf().alignment(64).tensor("a", 0, 0, 1).tensor("b", 0, 64, 1).data(68));

    assertThat(header.dataOffset() % 64).isZero();
    refuses(new RawGguf().alignment(0).tensor("a", 0, 0, 1).data(4), "general.alignment");
    refuses(
        new RawGguf().alignment(24).tensor("a", 0, 0, 1).data(4), "a power of two of at least 8");
    refuses(
        new RawGguf().alignment(64).tensor("a", 0, 0, 1).tensor("b", 0, 32, 1).data(68),
        "tensor 'b': expected an offset that is a multiple of 64, got 32");
  }

  @Test
  void read_otherVersion_saysWhatToDo() {
    refuses(new RawGguf().version(1), "expected version 2 or 3 of GGUF, got 1");
    refuses(new RawGguf().version(0x03000000), "this is a big-endian GGUF file");
    byte[] swapped = new RawGguf().bytes();
    swapped[0] = 'F';
    swapped[1] = 'U';
    swapped[2] = 'G';
    swapped[3] = 'G';
    refuses(swapped, "this is a big-endian GGUF file");
    refuses("<!DOCTYPE html>".getBytes(StandardCharsets.UTF_8), "an HTML page");
    refuses(new byte[0], "expected a GGUF file, got 0 bytes");
  }

  @Test
  void read_hugeCounts_areRefusedBeforeTheyCost() {
    long huge = 1L << 62;
    refuses(new RawGguf().pairs(huge), "metadata entries as fit in the 0 bytes that follow");
    refuses(new RawGguf().tensors(huge), "got 4611686018427387904");
    refuses(new RawGguf().tensors(-1), "got 18446744073709551615");
    refuses(
        new RawGguf().pair("k", RawGguf.STRING, RawGguf.int64(Long.MAX_VALUE)),
        "metadata 'k': expected a text within the 0 bytes that follow");
    refuses(
        new RawGguf().pair("k", RawGguf.ARRAY, RawGguf.array(4, 1L << 61)),
        "metadata 'k': expected at most as many elements as fit");
    refuses(
        new RawGguf().pair("k", RawGguf.ARRAY, RawGguf.array(8, 2, RawGguf.text("abcdefgh"))),
        "metadata 'k'");
    refuses(new RawGguf().tensor("t", 0, 0, new long[9]), "at most 4 axes, got 9");
    refuses(
        new RawGguf().tensor("t", 0, 0, 1L << 62, 4),
        "tensor 't': expected a size below 2^63 bytes");
    refuses(new RawGguf().tensor("t", 0, 0, -1), "extents below 2^63");
  }

  @Test
  void read_nestedArrays_areBounded() {
    byte[] value = RawGguf.array(4, 0);
    for (int depth = 0; depth < 10_000; depth++) {
      value = RawGguf.join(RawGguf.int32(9), RawGguf.int64(1), value);
      if (depth % 100 == 99) {
        refuses(new RawGguf().pair("k", RawGguf.ARRAY, value), "nested at most 4 deep");
        depth += 4_900;
      }
    }
  }

  @Test
  void read_brokenValues_nameTheKey() {
    refuses(new RawGguf().pair("k", 13, new byte[8]), "metadata 'k': expected a value type");
    refuses(
        new RawGguf().pair("k", RawGguf.ARRAY, RawGguf.array(99, 1)), "expected an element type");
    refuses(new RawGguf().pair("k", 7, new byte[] {7}), "expected 0 or 1 for a truth value, got 7");
    refuses(new RawGguf().pair("k", "a").pair("k", "b"), "metadata 'k' is declared twice");
    refuses(
        new RawGguf().pair("k", 8, RawGguf.join(RawGguf.int64(1), new byte[] {(byte) 0xff})),
        "metadata 'k': expected UTF-8");
    byte[] half = {(byte) 0xc3};
    byte[] otherHalf = {(byte) 0xa4};
    refuses(
        new RawGguf()
            .pair(
                "k",
                RawGguf.ARRAY,
                RawGguf.array(8, 2, RawGguf.int64(1), half, RawGguf.int64(1), otherHalf)),
        "metadata 'k': element 1: expected UTF-8");
  }

  @Test
  void read_brokenTensors_nameTheTensor() {
    refuses(new RawGguf().tensor(new byte[] {(byte) 0xfe}, 0, 0, 1).data(4), "expected UTF-8");
    refuses(
        new RawGguf().tensor("t", 0, 0, 1).tensor("t", 0, 32, 1).data(36),
        "tensor 't' is declared twice");
    refuses(new RawGguf().tensor("t", 999, 0, 1).data(4), "got number 999");
    refuses(
        new RawGguf().tensor("t", 16, 0, 256).data(66),
        "tensor 't': there is no kernel for type IQ2_XXS; expected one of [F32, F16, BF16, Q4_0");
    refuses(new RawGguf().tensor("t", 8, 0, 48).data(51), "a multiple of 32 elements for Q8_0");
    refuses(new RawGguf().tensor("t", 0, -32, 1).data(4), "got 18446744073709551584");
    refuses(new RawGguf().tensor("t", 0, 1 << 20, 1).data(4), "the file is cut short");
    refuses(new RawGguf().tensor("t", 0, 0, 2).data(4), "expected 8 bytes at 0, got 4");
    refuses(
        new RawGguf().tensor("t", 0, 0, 16).tensor("u", 0, 32, 1).data(64),
        "tensor 'u': expected data of its own");
  }

  @Test
  void read_cutAnywhere_isRefused() throws IOException {
    byte[] whole =
        new RawGguf()
            .pair("general.architecture", "qwen2")
            .pair("texts", RawGguf.ARRAY, RawGguf.array(8, 1, RawGguf.text("abc")))
            .tensor("w", 2, 0, 32, 2)
            .data(36)
            .bytes();

    assertThat(read(whole).names()).containsExactly("w");
    for (int length = 0; length < whole.length; length++) {
      refuses(Arrays.copyOf(whole, length), "");
    }
  }

  @Test
  void read_flippedBits_neverFailsOtherwise() throws IOException {
    byte[] whole =
        new RawGguf()
            .pair("general.architecture", "qwen2")
            .pair("texts", RawGguf.ARRAY, RawGguf.array(8, 2, RawGguf.text("a"), RawGguf.text("b")))
            .pair("n", RawGguf.UINT32, RawGguf.int32(7))
            .tensor("w", 2, 0, 32, 2)
            .tensor("v", 0, 64, 4)
            .data(80)
            .bytes();
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 4_000; i++) {
      byte[] damaged = whole.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        GgufHeader header = read(damaged);
        assertThat(header.dataOffset()).isNotNegative();
      } catch (FormatException e) {
        assertThat(e.getMessage()).contains("model.gguf");
      }
    }
  }
}
