package dev.wick.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.MappedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsWriterTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(DType.class)
  void write_eachDType_readsBackOrIsRefused(DType dtype) throws IOException {
    TensorSpec spec = TensorSpec.of(dtype, 3, 256);
    byte[] bytes = new byte[(int) spec.byteSize()];
    new SplittableRandom(dtype.ordinal()).nextBytes(bytes);
    Path path = folder.resolve("x.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();

    if (dtype.isQuantized()) {
      assertThatThrownBy(() -> writer.add("w", spec, MemorySegment.ofArray(bytes)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected a type of the format for 'w', got " + spec);
      return;
    }
    writer.add("w", spec, MemorySegment.ofArray(bytes)).write(path);

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      assertThat(file.find("w")).contains(spec);
      assertThat(file.data("w").toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
  }

  /** The bytes that serialize of safetensors 0.8.0 (Python) makes of the same tensors. */
  @Test
  void write_mixedTensors_equalsTheReferenceLibrary() throws IOException {
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    expected.writeBytes(new byte[] {(byte) 0xb0, 1, 0, 0, 0, 0, 0, 0});
    expected.writeBytes(
        ("{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"d\":{\"dtype\":\"I64\",\"shape\":[0,4],\"data_offsets\":[0,0]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"c\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]},"
                + "\"\u00e9\\\"\\n\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[12,14]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[14,17]},"
                + "\"\uffee\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[17,18]},"
                + "\"\ud83d\ude00\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[18,19]}}"
                + "     ")
            .getBytes(StandardCharsets.UTF_8));
    expected.writeBytes(
        ByteBuffer.allocate(12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(1.5f)
            .putFloat(-2)
            .putFloat(3)
            .array());
    expected.writeBytes(new byte[] {(byte) 0x80, 0x3f, 1, 2, 3, 0, 1});
    Path path = folder.resolve("x.safetensors");

    new SafetensorsWriter()
        .add("\ud83d\ude00", TensorSpec.of(DType.BOOL, 1), bytes(1))
        .add("\uffee", TensorSpec.of(DType.BOOL, 1), bytes(0))
        .add("c", new float[] {3})
        .add("b", new float[] {1.5f, -2}, 2)
        .add("a", TensorSpec.of(DType.U8, 3), bytes(1, 2, 3))
        .add("\u00e9\"\n", TensorSpec.of(DType.BF16, 1, 1), bytes(0x80, 0x3f))
        .add("d", TensorSpec.of(DType.I64, 0, 4), bytes())
        .metadata("format", "pt")
        .write(path);

    assertThat(Files.readAllBytes(path)).isEqualTo(expected.toByteArray());
  }

  @Test
  void write_sameContentInAnotherOrder_givesTheSameBytes() throws IOException {
    Path first = folder.resolve("1.safetensors");
    Path second = folder.resolve("2.safetensors");
    float[] values = {1, 2};

    new SafetensorsWriter()
        .metadata("a", "1")
        .metadata("b", "2")
        .add("x", values, 2)
        .add("y", values, 1, 2)
        .write(first);
    new SafetensorsWriter()
        .metadata("b", "2")
        .metadata("a", "1")
        .add("y", values, 1, 2)
        .add("x", values, 2)
        .write(second);

    assertThat(second).hasSameBinaryContentAs(first);
  }

  @Test
  void write_largerThanABuffer_keepsEveryValue() throws IOException {
    float[] values = new float[700_001];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Path path = folder.resolve("x.safetensors");

    try (Arena arena = Arena.ofConfined()) {
      MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
      new SafetensorsWriter()
          .add("array", values, 700_001)
          .add("native", TensorSpec.of(DType.F32, 700_001), copy)
          .add("heap", TensorSpec.of(DType.F32, 700_001), MemorySegment.ofArray(values))
          .write(path);
    }

    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      for (String name : file.names()) {
        assertThat(file.data(name).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).isEqualTo(values);
      }
      assertThat(file.header().dataOffset() % 8).isZero();
    }
  }

  @Test
  void write_streamedContent_isTakenAsItComes() throws IOException {
    Path path = folder.resolve("x.safetensors");

    new SafetensorsWriter()
        .metadata("k\u0001", "\u20ac")
        .add(
            "w",
            TensorSpec.of(DType.U8, 2, 2),
            channel -> {
              channel.write(ByteBuffer.wrap(new byte[] {1, 2}));
              channel.write(ByteBuffer.wrap(new byte[] {3, 4}));
            })
        .write(path);

    try (MappedFile<SafetensorsHeader> file = SafetensorsFile.open(path)) {
      assertThat(file.data("w").toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4);
      assertThat(file.header().metadata()).isEqualTo(Map.of("k\u0001", "\u20ac"));
    }
  }

  @Test
  void write_contentOfWrongSize_leavesTheOldFileAndNoOther() throws IOException {
    Path path = RawFiles.vectors(folder.resolve("x.safetensors"), "old");
    byte[] before = Files.readAllBytes(path);
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add(
                "w",
                TensorSpec.of(DType.U8, 4),
                channel -> channel.write(ByteBuffer.wrap(new byte[3])));

    assertThatThrownBy(() -> writer.write(path))
        .isInstanceOf(IOException.class)
        .hasMessage(path + ": expected 4 bytes for tensor 'w' U8[4], got 3 from its content");

    assertThat(path).hasBinaryContent(before);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void write_intoAbsentFolder_namesThePath() {
    Path path = folder.resolve("absent").resolve("x.safetensors");

    assertThatThrownBy(() -> new SafetensorsWriter().write(path))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("absent");
  }

  @Test
  void add_wrongArguments_sayWhatIsExpected() {
    SafetensorsWriter writer = new SafetensorsWriter().add("w", new float[1], 1);

    assertThatThrownBy(() -> writer.add("w", new float[1], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("safetensors: expected a new name, got 'w' again");
    assertThatThrownBy(() -> writer.add("v", new float[5], 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("safetensors: expected 6 elements for 'v' F32[2, 3], got 5");
    assertThatThrownBy(() -> writer.add("v", TensorSpec.of(DType.BF16, 3), bytes(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("safetensors: expected 6 bytes for 'v' BF16[3], got 1");
    assertThatThrownBy(() -> writer.add("__metadata__", new float[1], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("safetensors: expected a tensor name, got the reserved __metadata__");
    assertThatThrownBy(() -> writer.metadata("k", "\ud800"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("safetensors: expected text with a UTF-8 form, got '\\ud800'");
  }

  private static MemorySegment bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return MemorySegment.ofArray(bytes);
  }
}
