package dev.wick.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.TensorEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
  @TempDir Path folder;

  private SafetensorsHeader read(String header, int dataBytes) throws IOException {
    return SafetensorsHeader.read(
        RawFiles.safetensors(folder.resolve("x.safetensors"), header, dataBytes));
  }

  @Test
  void read_validFile_describesTensorsInDataOrder() throws IOException {
    String header =
        """
        {"late": {"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]}, "__metadata__":{"format":"pt"},
         "none": {"data_offsets":[8,8],"shape":[0,7],"dtype":"F32"},
         "early":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}\
        """;

    SafetensorsHeader read = read(header, 20);

    assertThat(read.names()).containsExactly("early", "none", "late");
    assertThat(read.metadata()).isEqualTo(Map.of("format", "pt"));
    assertThat(read.find("late"))
        .contains(new TensorEntry("late", TensorSpec.of(DType.BF16, 2, 3), 8));
    assertThat(read.find("none").orElseThrow().byteSize()).isZero();
    assertThat(read.find("absent")).isEmpty();
    assertThat(read.dataOffset()).isEqualTo(8 + header.length());
    assertThat(read.dataSize()).isEqualTo(20);
    assertThat(read.fileSize()).isEqualTo(Files.size(read.file()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        " {} \n\t ",
        "{\"__metadata__\":null}",
        "{\"__metadata__\":{}}",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"later\":[{\"a\":1e5}]}}",
        "{\"\":{\"dtype\":\"U8\",\"shape\":[1,0],\"data_offsets\":[0,0]}}",
        "{\"\\ud83d\\ude00\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
      })
  void read_oddButAllowed_accepts(String header) throws IOException {
    assertThat(read(header, 0).dataSize()).isZero();
  }

  @Test
  void read_rank5000_accepts() throws IOException {
    String shape = "1,".repeat(4999) + "3";

    SafetensorsHeader read =
        read("{" + RawFiles.entry("w", "U8", "[" + shape + "]", 0, 3) + "}", 3);

    assertThat(read.find("w").orElseThrow().spec().shape().rank()).isEqualTo(5000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "[]                                  | 0 | expected a JSON object, got an array",
        "null                                | 0 | expected a JSON object, got null",
        "{} {}                               | 0 | expected nothing after the JSON object",
        "{} x                                | 0 | not valid JSON: Unrecognized token 'x'",
        "{,}                                 | 0 | not valid JSON: Unexpected character (','",
        "{'w':1}                             | 0 | not valid JSON: Unexpected character",
        "{} //c                              | 0 | not valid JSON",
        "{\"w\":null}                        | 0 | tensor 'w': expected a JSON object, got null",
        "{\"w\":[\"U8\",[0],[0,0]]}          | 0 | tensor 'w': expected a JSON object, got an"
            + " array",
        "{\"w\":{}}                          | 0 | tensor 'w': dtype is missing",
        "{\"w\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}} | 0 | tensor 'w': shape is missing",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[0]}}  | 0 | tensor 'w': data_offsets is missing",
        "{\"w\":{\"shape\":[],\"shape\":[]}} | 0 | tensor 'w': shape is declared twice",
        "{\"w\":{\"dtype\":7}}               | 0 | tensor 'w': dtype: expected a string, got a"
            + " number",
        "{\"w\":{\"x\":\"\\ud800\"}}         | 0 | half of a surrogate pair in '\\ud800'",
        "{\"w\":{\"x\":[1e999]}}             | 0 | tensor 'w': 'x': a number exceeds",
        "{\"\\udc00\":{}}                    | 0 | half of a surrogate pair in '\\udc00'",
        "{\"__metadata__\":[]}               | 0 | __metadata__: expected a JSON object, got an"
            + " array",
        "{\"__metadata__\":{\"a\":1}}        | 0 | __metadata__: expected a string for 'a', got a"
            + " number",
        "{\"__metadata__\":{\"a\":null}}     | 0 | __metadata__: expected a string for 'a', got"
            + " null",
        "{\"__metadata__\":{},\"__metadata__\":{}}     | 0 | __metadata__ is declared twice",
        "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}    | 0 | __metadata__: 'a' is declared twice",
      })
  void read_brokenStructure_saysWhere(String header, int dataBytes, String message) {
    assertThatExceptionOfType(FormatException.class)
        .isThrownBy(() -> read(header, dataBytes))
        .withMessageStartingWith(folder.resolve("x.safetensors") + ": ")
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32 | [1.0]  | [0,4] | shape: expected integers of at least 0, got a fraction",
        "F32 | [1e0]  | [0,4] | shape: expected integers of at least 0, got a fraction",
        "F32 | [-1]   | [0,4] | shape: expected integers of at least 0, got '-1'",
        "F32 | [-0]   | [0,0] | shape: expected integers of at least 0, got '-0'",
        "F32 | [null] | [0,4] | shape: expected integers of at least 0, got null",
        "F32 | [[1]]  | [0,4] | shape: expected integers of at least 0, got an array",
        "F32 | 1      | [0,4] | shape: expected an array, got a number",
        "F32 | [01]   | [0,4] | not valid JSON: Invalid numeric value: Leading zeroes not allowed",
        "F32 | [2,2]  | [0,4] | expected 16 bytes for F32[2, 2], got data_offsets [0, 4] of 4"
            + " bytes",
        "F64 | [1]    | [0,4] | expected 8 bytes for F64[1], got data_offsets [0, 4] of 4 bytes",
        "F32 | []     | [0,0] | expected 4 bytes for F32[], got data_offsets [0, 0] of 0 bytes",
        "F32 | [1]    | []    | data_offsets: expected 2 numbers, got 0",
        "F32 | [1]    | [0]   | data_offsets: expected 2 numbers, got 1",
        "F32 | [1]    | [0,4,4]     | data_offsets: expected 2 numbers, got 3",
        "F32 | [1]    | {}          | data_offsets: expected an array, got an object",
        "F32 | [1]    | ['\"0\"',4] | data_offsets: expected integers of at least 0, got a string",
        "F32 | [1]    | [-4,0] | data_offsets: expected integers of at least 0, got '-4'",
        "F32 | [1]    | [4,0] | data_offsets: expected begin <= end, got [4, 0]",
        "F32 | [1]    | [4,8] | expected at most the 4 bytes of data in the file, got [4, 8]",
        "F32 | [1]    | [0,9223372036854775807] | expected at most the 4 bytes of data in the file",
        "F32 | [1]    | [0,9223372036854775808] | got '9223372036854775808', more than 2^63 - 1",
        "F32 | [4294967296,4294967296,1]   | [0,4] | exceeds 2^63 - 1",
        "F32 | [4611686018427387904,4,0]   | [0,4] | exceeds 2^63 - 1",
        "F32 | [4611686018427387905]       | [0,4] | exceeds 2^63 - 1",
        "f32 | [1]    | [0,4] | dtype: expected a type of the format such as BF16 or F32, got"
            + " 'f32'",
        "Q8_0 | [32]  | [0,4] | dtype: expected a type of the format such as BF16 or F32, got"
            + " 'Q8_0'",
        "F4  | [8]    | [0,4] | dtype F4 is not supported; use a checkpoint in BF16, F16 or F32",
        "F8_E8M0 | [4] | [0,4] | dtype F8_E8M0 is not supported; use a checkpoint in",
        "C64 | [0]    | [0,4] | dtype C64 is not supported; use a checkpoint in BF16, F16 or F32",
      })
  void read_brokenTensor_namesIt(String dtype, String shape, String offsets, String message) {
    String header =
        "{\"layer.0.w\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}}"
            .formatted(dtype, shape, offsets.replace("'", ""));

    assertThatExceptionOfType(FormatException.class)
        .isThrownBy(() -> read(header, 4))
        .withMessageContaining(message)
        .withMessageContaining(message.startsWith("not valid") ? "header" : "tensor 'layer.0.w': ");
  }

  @Test
  void read_layoutWithHole_rejects() {
    String header =
        "{"
            + RawFiles.entry("a", "U8", "[4]", 0, 4)
            + ","
            + RawFiles.entry("b", "U8", "[4]", 5, 9)
            + "}";

    assertThatThrownBy(() -> read(header, 9))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'b': expected data from byte 4 on")
        .hasMessageEndingWith("got 5: a hole");
  }

  @Test
  void read_layoutWithOverlap_rejects() {
    String header =
        "{"
            + RawFiles.entry("a", "U8", "[4]", 0, 4)
            + ","
            + RawFiles.entry("b", "U8", "[4]", 3, 7)
            + "}";

    assertThatThrownBy(() -> read(header, 7))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'b': expected data from byte 4 on")
        .hasMessageEndingWith("got 3: an overlap");
  }

  @Test
  void read_twoTensorsInOnePlace_rejects() {
    String header =
        "{"
            + RawFiles.entry("a", "U8", "[4]", 0, 4)
            + ","
            + RawFiles.entry("b", "U8", "[4]", 0, 4)
            + "}";

    assertThatThrownBy(() -> read(header, 4))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("got 0: an overlap");
  }

  @Test
  void read_dataAfterLastTensor_rejects() {
    assertThatThrownBy(() -> read("{" + RawFiles.entry("a", "U8", "[4]", 0, 4) + "}", 5))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("expected 4 bytes of data, as the tensors declare, got 5");
  }

  @Test
  void read_sameNameTwice_rejects() {
    String entry = RawFiles.entry("a", "U8", "[4]", 0, 4);

    assertThatThrownBy(() -> read("{" + entry + "," + entry + "}", 4))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("tensor 'a' is declared twice");
  }

  @ParameterizedTest
  @CsvSource({
    "0,                    'expected a JSON object, got nothing'",
    "1,                    'Unexpected end-of-input'",
    "3,                    'reaches 3'",
    "100000000,            'expected a header of 100000000 bytes, got 2 bytes until the end'",
    "100000001,            'at most 100000000 bytes, got a declared length of 100000001'",
    "4294967298,           'got a declared length of 4294967298'",
    "9223372036854775807,  'got a declared length of 9223372036854775807'",
    "-9223372036854775808, 'got a declared length of 9223372036854775808'",
    "-1,                   'got a declared length of 18446744073709551615'",
  })
  void read_wrongLength_rejects(long length, String message) throws IOException {
    Path file = folder.resolve("x.safetensors");
    Files.write(file, RawFiles.bytes(length, "{}".getBytes(StandardCharsets.UTF_8), 0));

    assertThatThrownBy(() -> SafetensorsHeader.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(
            message.equals("reaches 3") ? "expected a header of 3 bytes, got 2 bytes" : message);
  }

  /** The heap of this test is smaller than the header that the file declares. */
  @Test
  void read_largeDeclaredHeaderInSparseFile_doesNotAllocateIt() throws IOException {
    Path file = folder.resolve("x.safetensors");
    Files.write(file, RawFiles.bytes(99_999_999, "{".getBytes(StandardCharsets.UTF_8), 0));
    try (var grown = new java.io.RandomAccessFile(file.toFile(), "rw")) {
      grown.setLength(200_000_000);
    }

    assertThatThrownBy(() -> SafetensorsHeader.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("the header is not valid JSON");
  }

  @Test
  void read_hugeRank_rejectsInsteadOfCollecting() {
    String shape = "[" + "1,".repeat(70_000) + "1]";

    assertThatThrownBy(() -> read("{" + RawFiles.entry("w", "U8", shape, 0, 1) + "}", 1))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("tensor 'w': shape: expected at most 65536 numbers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void read_deepNesting_rejectsWithoutRecursion(String opening) {
    assertThatThrownBy(() -> read("{\"w\":{\"x\":" + opening.repeat(100_000), 0))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("nesting depth (128) exceeds the maximum allowed (127");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ff", "c3", "c080", "eda080", "f4908080", "80", "e282"})
  void read_malformedUtf8_rejects(String hex) throws IOException {
    byte[] bad = java.util.HexFormat.of().parseHex(hex);
    byte[] header = "{\"__metadata__\":{\"a\":\"".getBytes(StandardCharsets.UTF_8);
    byte[] text = java.util.Arrays.copyOf(header, header.length + bad.length);
    System.arraycopy(bad, 0, text, header.length, bad.length);
    Path file = Files.write(folder.resolve("x.safetensors"), RawFiles.bytes(text.length, text, 0));

    assertThatThrownBy(() -> SafetensorsHeader.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("x.safetensors: the header is not valid UTF-8");
  }

  @Test
  void read_byteOrderMark_rejects() {
    assertThatThrownBy(() -> read("\ufeff{}", 0))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("the header is not valid JSON");
  }

  @Test
  void read_nastyName_isQuotedShort() {
    String name = "\\u001b[31m\\n" + "n".repeat(1000);

    assertThatThrownBy(() -> read("{\"" + name + "\":null}", 0))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor '\\u001b[31m\\u000ann")
        .hasMessageContaining("n...': expected a JSON object")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
  }

  @ParameterizedTest
  @CsvSource({
    "'version https://git-lfs.github.com/spec/v1\noid sha256:00\n', 'git lfs pull'",
    "'GGUF\u0003',        'a GGUF file'",
    "'PK\u0003\u0004zip', 'a PyTorch pickle file'",
    "'<!DOCTYPE html>',   'an HTML page'",
    "'short',             'got a file of 5 bytes'",
    "'',                  'got a file of 0 bytes'",
  })
  void read_anotherKindOfFile_saysWhatItIs(String content, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("model.safetensors"), content);

    assertThatThrownBy(() -> SafetensorsHeader.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(message)
        .hasMessageStartingWith(file + ": ");
  }

  @Test
  void read_absentFile_namesIt() {
    Path file = folder.resolve("absent.safetensors");

    assertThatThrownBy(() -> SafetensorsHeader.read(file))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(file + ": no such file");
  }

  @Test
  void read_folder_namesIt() {
    assertThatThrownBy(() -> SafetensorsHeader.read(folder))
        .isInstanceOf(FormatException.class)
        .hasMessage(folder + ": expected a file, got a folder");
  }
}
