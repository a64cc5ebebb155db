package dev.wick.formats.gguf;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorEntry;
import dev.wick.formats.internal.FileInput;
import dev.wick.formats.internal.FileKind;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the header of one GGUF file and checks every rule of the format.
 *
 * <p>What is declared is held against the bytes that follow before anything is allocated, so a file
 * costs memory in proportion to its own size, never to a number in it.
 */
final class GgufHeaderParser {
  private static final int MAGIC = 0x46554747; // GGUF
  private static final int SWAPPED_MAGIC = 0x47475546;
  private static final int MAX_AXES = 4;
  private static final int MAX_ARRAY_DEPTH = 4;
  private static final int MAX_ELEMENTS = 1 << 26;
  private static final String ALIGNMENT = "general.alignment";
  private static final long DEFAULT_ALIGNMENT = 32;

  /** A key length, a type and one byte of value. */
  private static final int LEAST_PAIR_BYTES = 13;

  /** A name length, a count of axes, a type and an offset. */
  private static final int LEAST_TENSOR_BYTES = 24;

  private final Path file;
  private final GgufInput input;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, TensorEntry> entries = new LinkedHashMap<>();

  private GgufHeaderParser(Path file, GgufInput input) {
    this.file = file;
    this.input = input;
  }

  static GgufHeader parse(Path file, FileChannel channel) throws IOException {
    GgufInput input = new GgufInput(file, channel);
    return new GgufHeaderParser(file, input).read(channel);
  }

  private GgufHeader read(FileChannel channel) throws IOException {
    int version = version(channel);
    long tensors = count("tensors", LEAST_TENSOR_BYTES);
    long pairs = count("metadata entries", LEAST_PAIR_BYTES);
    for (long i = 0; i < pairs; i++) {
      readPair();
    }
    long alignment = alignment();
    for (long i = 0; i < tensors; i++) {
      readTensor(alignment);
    }
    long dataOffset = Math.ceilDiv(input.position(), alignment) * alignment;
    checkPlaces(dataOffset, channel.size());
    return new GgufHeader(
        file,
        version,
        channel.size(),
        dataOffset,
        new GgufMetadata(file, metadata),
        List.copyOf(entries.values()));
  }

  private int version(FileChannel channel) throws IOException {
    if (channel.size() < 4) {
      throw broken(
          "expected a GGUF file, got %d bytes; download it again".formatted(channel.size()));
    }
    int magic = input.int32("magic");
    if (magic == SWAPPED_MAGIC) {
      throw bigEndian();
    }
    if (magic != MAGIC) {
      String misplaced = FileKind.misplaced(FileInput.prefix(channel));
      throw broken(
          misplaced != null
              ? misplaced
              : "expected a GGUF file, got one that begins with 0x%08x"
                  .formatted(Integer.reverseBytes(magic)));
    }
    int version = input.int32("version");
    if (version != 0 && (version & 0xffff) == 0) {
      throw bigEndian();
    }
    if (version != 2 && version != 3) {
      throw broken(
          "expected version 2 or 3 of GGUF, got %s; convert the model with a current llama.cpp"
              .formatted(Integer.toUnsignedString(version)));
    }
    return version;
  }

  private FormatException bigEndian() {
    return broken(
        "this is a big-endian GGUF file, expected a little-endian one; convert it with"
            + " gguf_convert_endian.py of llama.cpp");
  }

  private long count(String what, int leastBytes) throws IOException {
    long count = input.int64("number of " + what);
    if (count < 0 || count > input.remaining() / leastBytes) {
      throw broken(
          "expected at most as many %s as fit in the %d bytes that follow, got %s"
              .formatted(what, input.remaining(), Long.toUnsignedString(count)));
    }
    return count;
  }

  private void readPair() throws IOException {
    String key = input.text("metadata key");
    String what = "metadata " + Quoted.of(key);
    Object value = value(input.int32(what), what, 0);
    if (metadata.putIfAbsent(key, value) != null) {
      throw broken(what + " is declared twice");
    }
  }

  private Object value(int type, String what, int depth) throws IOException {
    return switch (type) {
      case 0 -> (long) input.int8(what);
      case 1 -> (long) (byte) input.int8(what);
      case 2 -> (long) input.int16(what);
      case 3 -> (long) (short) input.int16(what);
      case 4 -> input.int32(what) & 0xffff_ffffL;
      case 5 -> (long) input.int32(what);
      case 6 -> Float.intBitsToFloat(input.int32(what));
      case 7 -> truth(input.int8(what), what);
      case 8 -> input.text(what);
      case 9 -> array(what, depth);
      case 10 -> unsigned(input.int64(what));
      case 11 -> input.int64(what);
      case 12 -> Double.longBitsToDouble(input.int64(what));
      default ->
          throw broken(
              "%s: expected a value type of 0 to 12, got %s"
                  .formatted(what, Integer.toUnsignedString(type)));
    };
  }

  private boolean truth(int value, String what) throws FormatException {
    if (value > 1) {
      throw broken("%s: expected 0 or 1 for a truth value, got %d".formatted(what, value));
    }
    return value == 1;
  }

  private static Object unsigned(long value) {
    if (value >= 0) {
      return value;
    }
    return new BigInteger(Long.toUnsignedString(value));
  }

  private List<?> array(String what, int depth) throws IOException {
    if (depth == MAX_ARRAY_DEPTH) {
      throw broken(
          "%s: expected arrays nested at most %d deep, got more".formatted(what, MAX_ARRAY_DEPTH));
    }
    int type = input.int32(what);
    long count = input.int64(what);
    if (count < 0 || count > input.remaining() / leastBytes(type, what)) {
      throw broken(
          "%s: expected at most as many elements as fit in the %d bytes that follow, got %s"
              .formatted(what, input.remaining(), Long.toUnsignedString(count)));
    }
    if (count > MAX_ELEMENTS) {
      throw broken("%s: expected at most %d elements, got %d".formatted(what, MAX_ELEMENTS, count));
    }
    if (type == 8) {
      return texts((int) count, what);
    }
    List<Object> elements = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      elements.add(value(type, what, depth + 1));
    }
    return List.copyOf(elements);
  }

  private int leastBytes(int type, String what) throws FormatException {
    return switch (type) {
      case 0, 1, 7 -> 1;
      case 2, 3 -> 2;
      case 4, 5, 6 -> 4;
      case 8, 10, 11, 12 -> 8;
      case 9 -> 12;
      default ->
          throw broken(
              "%s: expected an element type of 0 to 12, got %s"
                  .formatted(what, Integer.toUnsignedString(type)));
    };
  }

  private GgufTexts texts(int count, String what) throws IOException {
    int[] ends = new int[Math.min(count, 1024)];
    byte[] utf8 = new byte[8 * ends.length];
    int end = 0;
    for (int i = 0; i < count; i++) {
      int length = input.textLength(what);
      int begin = end;
      end = begin + length;
      if (end < 0) {
        throw broken("%s: expected texts of less than 2 GiB in all, got more".formatted(what));
      }
      if (end > utf8.length) {
        utf8 =
            Arrays.copyOf(
                utf8, (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(end, 2L * utf8.length)));
      }
      input.bytes(utf8, begin, length, what);
      if (length > 0 && (utf8[begin] & 0xc0) == 0x80) {
        throw broken("%s: element %d: expected UTF-8, got other bytes".formatted(what, i));
      }
      if (i == ends.length) {
        ends = Arrays.copyOf(ends, Math.min(count, 2 * ends.length));
      }
      ends[i] = end;
    }
    utf8 = Arrays.copyOf(utf8, end);
    // Texts that each begin with a character and are UTF-8 in a row are UTF-8 one by one.
    input.requireUtf8(utf8, what);
    return new GgufTexts(utf8, Arrays.copyOf(ends, count));
  }

  private long alignment() throws FormatException {
    Object alignment = metadata.getOrDefault(ALIGNMENT, DEFAULT_ALIGNMENT);
    if (alignment instanceof Long bytes
        && bytes >= 8
        && bytes <= 1 << 30
        && Long.bitCount(bytes) == 1) {
      return bytes;
    }
    throw broken(
        "%s: expected a power of two of at least 8, got %s"
            .formatted(ALIGNMENT, Quoted.of(alignment.toString())));
  }

  private void readTensor(long alignment) throws IOException {
    String name = input.text("tensor name");
    String what = "tensor " + Quoted.of(name);
    int axes = input.int32(what);
    if (axes < 0 || axes > MAX_AXES) {
      throw broken(
          "%s: expected at most %d axes, got %s"
              .formatted(what, MAX_AXES, Integer.toUnsignedString(axes)));
    }
    long[] extents = new long[axes];
    for (int axis = axes - 1; axis >= 0; axis--) { // innermost first in the file
      extents[axis] = input.int64(what);
    }
    DType dtype = dtype(input.int32(what), what);
    long offset = input.int64(what);
    if (offset < 0 || offset % alignment != 0) {
      throw broken(
          "%s: expected an offset that is a multiple of %d, got %s"
              .formatted(what, alignment, Long.toUnsignedString(offset)));
    }
    TensorEntry entry = new TensorEntry(name, spec(dtype, extents, what), offset);
    if (entries.putIfAbsent(name, entry) != null) {
      throw broken(what + " is declared twice");
    }
  }

  private DType dtype(int id, String what) throws FormatException {
    DType dtype = GgufTypes.find(id);
    if (dtype != null) {
      return dtype;
    }
    String known = GgufTypes.unsupported(id);
    throw broken(
        known == null
            ? "%s: expected a tensor type of ggml, got number %s"
                .formatted(what, Integer.toUnsignedString(id))
            : "%s: there is no kernel for type %s; expected one of %s, quantize the model to one of"
                    .formatted(what, known, GgufTypes.weights())
                + " them");
  }

  private TensorSpec spec(DType dtype, long[] extents, String what) throws FormatException {
    String shape = Arrays.toString(extents);
    long width = extents.length == 0 ? 1 : extents[extents.length - 1];
    for (long extent : extents) {
      if (extent < 0) {
        throw broken("%s: expected extents below 2^63, got %s".formatted(what, shape));
      }
    }
    if (width % dtype.blockElements() != 0) {
      throw broken(
          "%s: expected rows of a multiple of %d elements for %s, got %s"
              .formatted(what, dtype.blockElements(), dtype, shape));
    }
    try {
      TensorSpec spec = new TensorSpec(dtype, Shape.of(extents));
      if (spec.byteSize() >= 0) {
        return spec;
      }
    } catch (ArithmeticException e) {
      // as below
    }
    throw broken("%s: expected a size below 2^63 bytes, got %s%s".formatted(what, dtype, shape));
  }

  private void checkPlaces(long dataOffset, long fileSize) throws FormatException {
    List<TensorEntry> inOrder = new ArrayList<>(entries.values());
    inOrder.removeIf(entry -> entry.byteSize() == 0);
    inOrder.sort(Comparator.comparingLong(TensorEntry::offset));
    long dataSize = Math.max(0, fileSize - dataOffset);
    long end = 0;
    for (TensorEntry entry : inOrder) {
      String what = "tensor " + Quoted.of(entry.name());
      if (entry.offset() > dataSize || entry.byteSize() > dataSize - entry.offset()) {
        throw broken(
            "%s: expected %d bytes at %d, got %d bytes of data; the file is cut short, download it"
                    .formatted(what, entry.byteSize(), entry.offset(), dataSize)
                + " again");
      }
      if (entry.offset() < end) {
        throw broken("%s: expected data of its own, got those of another tensor".formatted(what));
      }
      end = entry.offset() + entry.byteSize();
    }
  }

  private FormatException broken(String problem) {
    return input.broken(problem);
  }
}
