package dev.wick.parity;

import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/** Expected values in a safetensors file. */
final class GoldenTensors implements AutoCloseable {
  private final MappedFile<?> file;

  private GoldenTensors(MappedFile<?> file) {
    this.file = file;
  }

  static GoldenTensors open(Path path) {
    try {
      return new GoldenTensors(SafetensorsFile.open(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Set<String> names() {
    return file.names();
  }

  boolean has(String name) {
    return file.names().contains(name);
  }

  TensorSpec spec(String name) {
    return file.find(name).orElseThrow(() -> new IllegalStateException("golden: no " + name));
  }

  byte[] bytes(String name) {
    try {
      return file.data(name).toArray(ValueLayout.JAVA_BYTE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  float[] floats(String name) {
    try {
      return file.data(name).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int[] ints(String name) {
    try {
      return file.data(name).toArray(ValueLayout.JAVA_INT_UNALIGNED);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One row of a matrix of floats. */
  float[] floatRow(String name, int row) {
    int columns = Math.toIntExact(spec(name).shape().extent(1));
    return Arrays.copyOfRange(floats(name), row * columns, (row + 1) * columns);
  }

  /** One row of a matrix of ints. */
  int[] intRow(String name, int row) {
    int columns = Math.toIntExact(spec(name).shape().extent(1));
    return Arrays.copyOfRange(ints(name), row * columns, (row + 1) * columns);
  }

  @Override
  public void close() {
    file.close();
  }
}
