package dev.wick.formats;

import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorEntry;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.gguf.GgufHeader;
import dev.wick.formats.gguf.GgufMetadata;
import dev.wick.formats.gguf.GgufNames;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The weights of a GGUF model under the names of Hugging Face: one file, or all parts of a split
 * one. Matrices of experts, which the file packs into one tensor, are there one by one. A tensor
 * that llama.cpp's list of names does not have keeps the name it has.
 *
 * <p>Thread-safe. Opening reads the headers and maps the files; the data are read as they are used,
 * or ahead of that by {@link #prefetch}.
 */
public final class GgufWeights implements CheckpointWeights {
  private static final String SPLIT_NUMBER = "split.no";
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_TENSORS = "split.tensors.count";
  private static final String SHARED_EXPERT_GATE = ".mlp.shared_expert_gate.weight";

  private final WeightFiles<GgufHeader> files;
  private final Map<String, Place> places;

  /** Where the bytes of a tensor are. */
  private record Place(MappedFile<GgufHeader> file, String name, TensorSpec spec, long offset) {}

  private GgufWeights(WeightFiles<GgufHeader> files) throws FormatException {
    checkParts(files.headers());
    this.files = files;
    this.places = Collections.unmodifiableMap(places(files.list()));
  }

  /**
   * Opens a file; of a split model any part, with the others beside it.
   *
   * @throws FormatException if a file breaks a rule of the format, or the parts do not belong
   *     together
   * @throws IOException if a part is missing or cannot be read; the message names the file
   */
  public static GgufWeights open(Path file) throws IOException {
    return WeightFiles.open(file, GgufFile.parts(file), GgufFile::open, GgufWeights::new);
  }

  private static void checkParts(List<GgufHeader> files) throws FormatException {
    long tensors = 0;
    for (int i = 0; i < files.size(); i++) {
      GgufMetadata metadata = files.get(i).metadata();
      int count = metadata.integer(SPLIT_COUNT, 0).orElse(1);
      if (count > 1 && count != files.size()) {
        throw metadata.refuse(
            SPLIT_COUNT,
            files.size() == 1
                ? "1 for a file whose name does not end in -00001-of-0000N.gguf"
                : "%d as its name says".formatted(files.size()));
      }
      if (files.size() > 1 && metadata.integer(SPLIT_NUMBER, 0).orElse(i) != i) {
        throw metadata.refuse(SPLIT_NUMBER, "%d as its name says".formatted(i));
      }
      tensors += files.get(i).names().size();
    }
    GgufMetadata first = files.getFirst().metadata();
    if (files.size() > 1 && first.integer(SPLIT_TENSORS, 0).orElse((int) tensors) != tensors) {
      throw first.refuse(SPLIT_TENSORS, "the %d tensors of all parts".formatted(tensors));
    }
  }

  private static Map<String, Place> places(List<MappedFile<GgufHeader>> files)
      throws FormatException {
    Map<String, Place> places = new LinkedHashMap<>();
    for (MappedFile<GgufHeader> file : files) {
      for (TensorEntry entry : file.header().entries().values()) {
        Optional<GgufNames.Packed> packed = GgufNames.packed(entry.name());
        if (packed.isPresent() && entry.spec().shape().rank() == 3) {
          Shape matrix = entry.spec().shape().without(0);
          TensorSpec spec = entry.spec().withShape(matrix);
          for (long i = 0; i < entry.spec().shape().extent(0); i++) {
            long offset = i * spec.byteSize();
            put(places, packed.get().name(i), new Place(file, entry.name(), spec, offset));
          }
        } else {
          String name = GgufNames.toHuggingFace(entry.name()).orElse(entry.name());
          put(places, name, new Place(file, entry.name(), spec(name, entry.spec()), 0));
        }
      }
    }
    return places;
  }

  /** A matrix of one row is a vector in some files. */
  private static TensorSpec spec(String name, TensorSpec spec) {
    return name.endsWith(SHARED_EXPERT_GATE) && spec.shape().rank() == 1
        ? spec.withShape(Shape.of(1, spec.shape().extent(0)))
        : spec;
  }

  private static void put(Map<String, Place> places, String name, Place place)
      throws FormatException {
    Place other = places.put(name, place);
    if (other != null) {
      throw new FormatException(
          place.file().header().file(),
          "tensor %s is there twice, also as %s of %s"
              .formatted(Quoted.of(place.name()), Quoted.of(other.name()), other.file()));
    }
  }

  @Override
  public Set<String> names() {
    return places.keySet();
  }

  @Override
  public Optional<TensorSpec> find(String name) {
    return Optional.ofNullable(places.get(name)).map(Place::spec);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The segment is read-only.
   *
   * @throws IllegalStateException if the weights are closed
   */
  @Override
  public MemorySegment data(String name) throws IOException {
    Place place = places.get(name);
    if (place == null) {
      throw new FormatException(
          files.location(), "there is no tensor %s".formatted(Quoted.of(name)));
    }
    files.requireOpen();
    return place.file().data(place.name()).asSlice(place.offset(), place.spec().byteSize());
  }

  /** The files that hold the tensors, in order; the metadata of a model are those of the first. */
  public List<GgufHeader> headers() {
    return files.headers();
  }

  @Override
  public long byteSize() {
    return files.byteSize();
  }

  @Override
  public void prefetch(Consumer<LoadProgress> listener) {
    files.prefetch(listener);
  }

  @Override
  public void close() {
    files.close();
  }

  /** The path the weights were opened at. */
  @Override
  public String toString() {
    return files.location().toString();
  }
}
