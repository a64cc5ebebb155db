package dev.wick.formats.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorEntry;
import dev.wick.formats.internal.FileInput;
import dev.wick.formats.internal.FileKind;
import dev.wick.formats.internal.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header of one file and checks every rule of the format.
 *
 * <p>The header is parsed as it is read, so a file costs memory in proportion to the tensors that
 * it really describes, never to a number that it declares.
 */
final class SafetensorsHeaderParser {
  private static final int LENGTH_BYTES = Long.BYTES;

  /** The format's limit, MAX_HEADER_SIZE in safetensors/src/tensor.rs. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  /** A bound on what a header can make of its bytes; the format has none, PyTorch stops at 64. */
  private static final int MAX_RANK = 1 << 16;

  private static final String METADATA = "__metadata__";
  private static final String HEADER = "the header";

  private final Path file;
  private final JsonParser json;
  private final long dataSize;
  private final Map<String, TensorEntry> entries = new HashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private boolean hasMetadata;

  private SafetensorsHeaderParser(Path file, JsonParser json, long dataSize) {
    this.file = file;
    this.json = json;
    this.dataSize = dataSize;
  }

  static SafetensorsHeader parse(Path file, FileChannel channel) throws IOException {
    long fileSize = channel.size();
    long headerBytes = headerBytes(file, channel, fileSize);
    long dataOffset = LENGTH_BYTES + headerBytes;
    try (InputStream input = new FileInput(channel, LENGTH_BYTES, dataOffset);
        JsonParser json = StrictJson.parser(input)) {
      var parser = new SafetensorsHeaderParser(file, json, fileSize - dataOffset);
      parser.readTop();
      return new SafetensorsHeader(
          file, dataOffset, parser.dataSize, parser.inDataOrder(), parser.metadata);
    } catch (IOException e) {
      throw StrictJson.explain(file, HEADER, e);
    }
  }

  private static long headerBytes(Path file, FileChannel channel, long fileSize)
      throws IOException {
    byte[] prefix = FileInput.prefix(channel);
    String misplaced = FileKind.misplaced(prefix);
    if (misplaced != null) {
      throw new FormatException(file, misplaced);
    }
    if (prefix.length < LENGTH_BYTES) {
      throw new FormatException(
          file,
          "expected the 8-byte length of a safetensors header, got a file of %d bytes; "
                  .formatted(fileSize)
              + "download it again");
    }
    long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (Long.compareUnsigned(length, MAX_HEADER_BYTES) > 0) {
      throw new FormatException(
          file,
          "expected a header of at most %d bytes, got a declared length of %s; "
                  .formatted(MAX_HEADER_BYTES, Long.toUnsignedString(length))
              + "this is no safetensors file");
    }
    if (length > fileSize - LENGTH_BYTES) {
      throw new FormatException(
          file,
          "expected a header of %d bytes, got %d bytes until the end of the file; "
                  .formatted(length, fileSize - LENGTH_BYTES)
              + "the file is cut short, download it again");
    }
    return length;
  }

  private void readTop() throws IOException {
    JsonToken first = json.nextToken();
    if (first != JsonToken.START_OBJECT) {
      throw broken(
          "the header: expected a JSON object, got %s".formatted(StrictJson.describe(first)));
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = wellFormed(json.currentName());
      json.nextToken();
      if (name.equals(METADATA)) {
        readMetadata();
      } else if (entries.put(name, readEntry(name)) != null) {
        throw broken("tensor %s is declared twice".formatted(Quoted.of(name)));
      }
    }
    StrictJson.requireEnd(json, file, HEADER);
  }

  private void readMetadata() throws IOException {
    if (hasMetadata) {
      throw broken("__metadata__ is declared twice");
    }
    hasMetadata = true;
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return; // the reference library takes null for absent
    }
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw broken(
          "__metadata__: expected a JSON object, got %s"
              .formatted(StrictJson.describe(json.currentToken())));
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = wellFormed(json.currentName());
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        throw broken(
            "__metadata__: expected a string for %s, got %s"
                .formatted(Quoted.of(key), StrictJson.describe(json.currentToken())));
      }
      if (metadata.put(key, wellFormed(json.getText())) != null) {
        throw broken("__metadata__: %s is declared twice".formatted(Quoted.of(key)));
      }
    }
  }

  private TensorEntry readEntry(String name) throws IOException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw broken(
          name,
          "expected a JSON object, got %s".formatted(StrictJson.describe(json.currentToken())));
    }
    DType dtype = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "dtype" -> {
          requireFirst(name, field, dtype);
          dtype = readDType(name);
        }
        case "shape" -> {
          requireFirst(name, field, shape);
          shape = readNumbers(name, field);
        }
        case "data_offsets" -> {
          requireFirst(name, field, offsets);
          offsets = readNumbers(name, field);
        }
        default -> skipValue(name, field);
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw broken(name, "%s is missing".formatted(missing));
    }
    return entry(name, dtype, shape, offsets);
  }

  /** Passes over a field we do not know, as the reference library does: unread, but well formed. */
  private void skipValue(String name, String field) throws IOException {
    int depth = 0;
    do {
      JsonToken token = json.currentToken();
      if (token.isStructStart()) {
        depth++;
      } else if (token.isStructEnd()) {
        depth--;
      } else if (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME) {
        wellFormed(json.getText());
      } else if (token == JsonToken.VALUE_NUMBER_FLOAT
          && Double.isInfinite(json.getDoubleValue())) {
        throw broken(name, "%s: a number exceeds the range of F64".formatted(Quoted.of(field)));
      }
    } while (depth > 0 && json.nextToken() != null);
  }

  private void requireFirst(String name, String field, @Nullable Object earlier)
      throws FormatException {
    if (earlier != null) {
      throw broken(name, "%s is declared twice".formatted(field));
    }
  }

  private DType readDType(String name) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw broken(
          name,
          "dtype: expected a string, got %s".formatted(StrictJson.describe(json.currentToken())));
    }
    String text = json.getText();
    DType dtype = SafetensorsTypes.find(text);
    if (dtype == null) {
      throw broken(
          name,
          SafetensorsTypes.isUnsupported(text)
              ? "dtype %s is not supported; use a checkpoint in BF16, F16 or F32".formatted(text)
              : "dtype: expected a type of the format such as BF16 or F32, got %s"
                  .formatted(Quoted.of(text)));
    }
    return dtype;
  }

  /** An array of numbers from 0 to 2^63 - 1, written without sign, fraction or exponent. */
  private long[] readNumbers(String name, String field) throws IOException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw broken(
          name,
          "%s: expected an array, got %s"
              .formatted(field, StrictJson.describe(json.currentToken())));
    }
    long[] numbers = new long[4];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (count == MAX_RANK) {
        throw broken(name, "%s: expected at most %d numbers".formatted(field, MAX_RANK));
      }
      if (count == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * count);
      }
      numbers[count++] = readNumber(name, field);
    }
    return Arrays.copyOf(numbers, count);
  }

  private long readNumber(String name, String field) throws IOException {
    String got = StrictJson.describe(json.currentToken());
    if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
      got = Quoted.of(json.getText());
      if (!json.getText().startsWith("-")) {
        try {
          return json.getLongValue();
        } catch (InputCoercionException e) {
          got += ", more than 2^63 - 1";
        }
      }
    }
    throw broken(name, "%s: expected integers of at least 0, got %s".formatted(field, got));
  }

  private TensorEntry entry(String name, DType dtype, long[] shape, long[] offsets)
      throws FormatException {
    if (offsets.length != 2) {
      throw broken(name, "data_offsets: expected 2 numbers, got %d".formatted(offsets.length));
    }
    long begin = offsets[0];
    long end = offsets[1];
    if (begin > end) {
      throw broken(name, "data_offsets: expected begin <= end, got [%d, %d]".formatted(begin, end));
    }
    if (end > dataSize) {
      throw broken(
          name,
          "data_offsets: expected at most the %d bytes of data in the file, got [%d, %d]; "
                  .formatted(dataSize, begin, end)
              + "if the file is cut short, download it again");
    }
    TensorSpec spec;
    long byteSize;
    try {
      spec = new TensorSpec(dtype, Shape.of(shape));
      byteSize = spec.byteSize();
    } catch (ArithmeticException e) {
      throw new FormatException(
          file,
          "tensor %s: the size of %s exceeds 2^63 - 1"
              .formatted(Quoted.of(name), text(dtype, shape)),
          e);
    }
    if (byteSize != end - begin) {
      throw broken(
          name,
          "expected %d bytes for %s, got data_offsets [%d, %d] of %d bytes"
              .formatted(byteSize, text(dtype, shape), begin, end, end - begin));
    }
    return new TensorEntry(name, spec, begin);
  }

  /**
   * The tensors in the order of their data, which must follow each other to the end of the file.
   */
  private List<TensorEntry> inDataOrder() throws FormatException {
    List<TensorEntry> sorted = new ArrayList<>(entries.values());
    sorted.sort(
        Comparator.comparingLong(TensorEntry::offset)
            .thenComparingLong(TensorEntry::end)
            .thenComparing(TensorEntry::name));
    long covered = 0;
    for (TensorEntry entry : sorted) {
      if (entry.offset() != covered) {
        throw broken(
            entry.name(),
            "expected data from byte %d on, where the tensor before it ends, got %d: %s"
                .formatted(
                    covered, entry.offset(), entry.offset() < covered ? "an overlap" : "a hole"));
      }
      covered = entry.end();
    }
    if (covered != dataSize) {
      throw broken(
          "expected %d bytes of data, as the tensors declare, got %d".formatted(covered, dataSize));
    }
    return sorted;
  }

  private String wellFormed(String text) throws FormatException {
    if (!Quoted.isWellFormed(text)) {
      throw broken("the header: half of a surrogate pair in %s".formatted(Quoted.of(text)));
    }
    return text;
  }

  private FormatException broken(String problem) {
    return new FormatException(file, problem);
  }

  private FormatException broken(String tensor, String problem) {
    return broken("tensor %s: %s".formatted(Quoted.of(tensor), problem));
  }

  private static String text(DType dtype, long[] shape) {
    return shape.length <= 16
        ? dtype + Arrays.toString(shape)
        : "%s of rank %d".formatted(dtype, shape.length);
  }
}
