package dev.wick.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.formats.file.MappedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random damage: the outcome is a consistent header or an IOException, never anything else. */
class SafetensorsFuzzTest {
  private static final List<String> DTYPES =
      List.of("F64", "F32", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3");
  private static final List<Integer> SIZES = List.of(8, 4, 2, 2, 8, 1, 1, 1, 1);
  private static final List<String> SPLINTERS =
      List.of(
          "null",
          "[]",
          "{}",
          "-1",
          "-0",
          "1e9",
          "1.0",
          "18446744073709551616",
          "\"",
          "\\ud800",
          "[[[[",
          "\"shape\":",
          "\u0000",
          "\ufeff",
          "9999999999999999999999",
          ",",
          "}",
          "]");

  @TempDir Path folder;

  @Test
  void read_randomDamage_isValidOrIoException() throws IOException {
    long seed = Long.getLong("wick.test.seed", System.nanoTime());
    System.out.println("replay with -Dwick.test.seed=" + seed);
    RandomGenerator random = new SplittableRandom(seed);
    Path file = folder.resolve("x.safetensors");
    int accepted = 0;
    int rejected = 0;

    for (int i = 0; i < 4000; i++) {
      byte[] content = damaged(valid(random), random);
      Files.write(file, content);
      try (MappedFile<?> opened = SafetensorsFile.open(file)) {
        checkCover(opened, content);
        accepted++;
      } catch (IOException e) {
        assertThat(e).hasMessageStartingWith(file + ": ");
        assertThat(e.getMessage()).hasSizeLessThan(1000);
        rejected++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed %d, file %d".formatted(seed, i), e);
      }
    }

    assertThat(accepted).as("accepted with seed %d", seed).isGreaterThan(200);
    assertThat(rejected).as("rejected with seed %d", seed).isGreaterThan(1000);
  }

  /** What was accepted describes every byte of the file once. */
  private static void checkCover(MappedFile<?> file, byte[] content) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String name : file.names()) {
      assertThat(file.data(name).byteSize()).isEqualTo(file.find(name).orElseThrow().byteSize());
      data.writeBytes(file.data(name).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    }
    int dataOffset = (int) file.header().dataOffset();
    assertThat(data.toByteArray())
        .isEqualTo(java.util.Arrays.copyOfRange(content, dataOffset, content.length));
  }

  private static byte[] valid(RandomGenerator random) {
    List<String> entries = new ArrayList<>();
    int offset = 0;
    for (int i = random.nextInt(5); i > 0; i--) {
      int type = random.nextInt(DTYPES.size());
      int size = SIZES.get(type);
      List<Integer> shape = new ArrayList<>();
      for (int axis = random.nextInt(4); axis > 0; axis--) {
        shape.add(random.nextInt(4));
        size *= shape.getLast();
      }
      entries.add(
          RawFiles.entry("tensor." + i, DTYPES.get(type), shape.toString(), offset, offset + size));
      offset += size;
    }
    if (random.nextBoolean()) {
      entries.add("\"__metadata__\":{\"format\":\"pt\"}");
    }
    Collections.rotate(entries, random.nextInt(6));
    byte[] header = ("{" + String.join(",", entries) + "}").getBytes(StandardCharsets.UTF_8);
    return RawFiles.bytes(header.length, header, offset);
  }

  private static byte[] damaged(byte[] content, RandomGenerator random) {
    byte[] damaged = content;
    for (int i = random.nextInt(4); i > 0; i--) {
      int at = random.nextInt(damaged.length + 1);
      damaged =
          switch (random.nextInt(6)) {
            case 0 -> splice(damaged, at, 0, new byte[] {(byte) random.nextInt(256)});
            case 1 -> splice(damaged, at, 1, new byte[] {(byte) random.nextInt(256)});
            case 2 -> splice(damaged, at, random.nextInt(1, 9), new byte[0]);
            case 3 ->
                splice(
                    damaged,
                    at,
                    random.nextInt(3),
                    SPLINTERS
                        .get(random.nextInt(SPLINTERS.size()))
                        .getBytes(StandardCharsets.UTF_8));
            case 4 -> splice(damaged, at, damaged.length, new byte[0]);
            default -> digit(damaged, at, random);
          };
      if (damaged.length >= 9 && random.nextInt(3) > 0) {
        repairLength(damaged);
      }
    }
    return damaged;
  }

  private static byte[] splice(byte[] content, int at, int removed, byte[] inserted) {
    ByteArrayOutputStream spliced = new ByteArrayOutputStream();
    spliced.write(content, 0, at);
    spliced.writeBytes(inserted);
    int rest = Math.min(content.length, at + removed);
    spliced.write(content, rest, content.length - rest);
    return spliced.toByteArray();
  }

  /** Replaces the first digit from here on by another. */
  private static byte[] digit(byte[] content, int from, RandomGenerator random) {
    byte[] copy = content.clone();
    for (int i = Math.max(8, from); i < copy.length; i++) {
      if (copy[i] >= '0' && copy[i] <= '9') {
        copy[i] = (byte) ('0' + random.nextInt(10));
        break;
      }
    }
    return copy;
  }

  /**
   * Makes the declared length end at the last brace, so that damage reaches past the length check.
   */
  private static void repairLength(byte[] content) {
    for (int i = content.length - 1; i >= 8; i--) {
      if (content[i] == '}') {
        java.nio.ByteBuffer.wrap(content).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, i - 7);
        return;
      }
    }
  }
}
