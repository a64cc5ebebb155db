package dev.wick.formats;

import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The weights of a GGUF model under the names of Hugging Face: one file, or all parts of a split
 * one. Matrices of experts, which the file packs into one tensor, are there one by one. A tensor
 * that llama.cpp's list of names does not have keeps the name it has.
 *
 * <p>Thread-safe. Opening reads the headers and maps the files; the data are read as they are used,
 * or ahead of that by {@link #prefetch}.
 */
public final class GgufWeights implements CheckpointWeights {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final String SPLIT_NUMBER = "split.no";
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_TENSORS = "split.tensors.count";
  private static final String SHARED_EXPERT_GATE = ".mlp.shared_expert_gate.weight";

  private final Path location;
  private final List<GgufFile> files;
  private final Map<String, Place> places;

  /** Where the bytes of a tensor are. */
  private record Place(GgufFile file, String name, TensorSpec spec, long offset) {}

  private GgufWeights(Path location, List<GgufFile> files) throws FormatException {
    this.location = location;
    this.files = List.copyOf(files);
    this.places = Collections.unmodifiableMap(places(files));
  }

  /**
   * Opens a file; of a split model any part, with the others beside it.
   *
   * @throws FormatException if a file breaks a rule of the format, or the parts do not belong
   *     together
   * @throws IOException if a part is missing or cannot be read; the message names the file
   */
  public static GgufWeights open(Path file) throws IOException {
    List<GgufFile> files = new ArrayList<>();
    boolean opened = false;
    try {
      for (Path part : parts(file)) {
        files.add(GgufFile.open(part));
      }
      checkParts(files);
      GgufWeights weights = new GgufWeights(file, files);
      opened = true;
      return weights;
    } finally {
      if (!opened) {
        files.forEach(GgufFile::close);
      }
    }
  }

  /** The files of a model, in order: those that the name of one of them tells. */
  static List<Path> parts(Path file) throws IOException {
    Matcher name = PART.matcher(String.valueOf(file.getFileName()));
    if (!name.matches() || Integer.parseInt(name.group(3)) < 1) {
      return List.of(file);
    }
    int count = Integer.parseInt(name.group(3));
    List<Path> parts = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path part =
          file.resolveSibling("%s-%05d-of-%s.gguf".formatted(name.group(1), i, name.group(3)));
      parts.add(part);
      if (!Files.exists(part)) {
        missing.add(String.valueOf(part.getFileName()));
      }
    }
    if (!missing.isEmpty()) {
      throw new NoSuchFileException(
          file.toString(),
          null,
          "%d of %d parts are missing, %s the first; download them into the folder of the others"
              .formatted(missing.size(), count, missing.getFirst()));
    }
    return parts;
  }

  private static void checkParts(List<GgufFile> files) throws FormatException {
    long tensors = 0;
    for (int i = 0; i < files.size(); i++) {
      GgufMetadata metadata = files.get(i).header().metadata();
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
    GgufMetadata first = files.getFirst().header().metadata();
    if (files.size() > 1 && first.integer(SPLIT_TENSORS, 0).orElse((int) tensors) != tensors) {
      throw first.refuse(SPLIT_TENSORS, "the %d tensors of all parts".formatted(tensors));
    }
  }

  private static Map<String, Place> places(List<GgufFile> files) throws FormatException {
    Map<String, Place> places = new LinkedHashMap<>();
    for (GgufFile file : files) {
      for (GgufHeader.Entry entry : file.header().entries().values()) {
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
      throw new FormatException(location, "there is no tensor %s".formatted(Quoted.of(name)));
    }
    return place.file().data(place.name()).asSlice(place.offset(), place.spec().byteSize());
  }

  /** The files that hold the tensors, in order; the metadata of a model are those of the first. */
  public List<GgufHeader> headers() {
    return files.stream().map(GgufFile::header).toList();
  }

  @Override
  public long byteSize() {
    return files.stream().mapToLong(file -> file.header().fileSize()).sum();
  }

  @Override
  public void prefetch(Consumer<LoadProgress> listener) {
    long total = byteSize();
    long done = 0;
    for (GgufFile file : files) {
      long before = done;
      boolean complete =
          file.prefetch(
              bytes ->
                  listener.accept(new LoadProgress(file.header().file(), before + bytes, total)));
      if (!complete) {
        return;
      }
      done += file.header().fileSize();
    }
  }

  @Override
  public void close() {
    files.forEach(GgufFile::close);
  }

  /** The path the weights were opened at. */
  @Override
  public String toString() {
    return location.toString();
  }
}
