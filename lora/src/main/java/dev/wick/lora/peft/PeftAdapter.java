package dev.wick.lora.peft;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.name.AdapterName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter as PEFT keeps it: a configuration and tensors, read from a folder ({@code
 * adapter_config.json} and {@code adapter_model.safetensors}) or made in memory, and written back.
 *
 * <p>Immutable, thread-safe. One that was read from a folder computes on the mapped file; closing
 * it unmaps the file, and its tensors then throw {@link IllegalStateException}.
 */
public final class PeftAdapter implements Adapter, AutoCloseable {
  private final String name;
  private final long version;
  private final PeftConfig config;
  private final Map<String, LowRank> deltas;
  private final Map<String, HostTensor> replacements;
  private final Map<String, HostTensor> tensors;
  private final long byteSize;
  private final Optional<Path> folder;
  private final Memory memory;

  /** What holds the tensors. */
  @FunctionalInterface
  interface Memory {
    void close();
  }

  PeftAdapter(
      String name, PeftConfig config, AdapterParts parts, Optional<Path> folder, Memory memory) {
    this(
        name,
        1,
        config,
        Collections.unmodifiableMap(parts.deltas()),
        Collections.unmodifiableMap(parts.replacements()),
        Collections.unmodifiableMap(parts.tensors()),
        parts.tensors().values().stream().mapToLong(tensor -> tensor.spec().byteSize()).sum(),
        folder,
        memory);
  }

  private PeftAdapter(
      String name,
      long version,
      PeftConfig config,
      Map<String, LowRank> deltas,
      Map<String, HostTensor> replacements,
      Map<String, HostTensor> tensors,
      long byteSize,
      Optional<Path> folder,
      Memory memory) {
    this.name = AdapterName.check(name);
    this.version = version;
    this.config = config;
    this.deltas = deltas;
    this.replacements = replacements;
    this.tensors = tensors;
    this.byteSize = byteSize;
    this.folder = folder;
    this.memory = memory;
  }

  /**
   * Reads an adapter's folder and checks its tensors against its configuration.
   *
   * @param name the name it goes by
   * @throws dev.wick.formats.file.FormatException if a file breaks a rule of its format, or tensors
   *     are missing, unknown, of wrong shape, not finite, or not what the configuration says; the
   *     message names file and tensor
   * @throws IOException if a file is missing or cannot be read
   * @throws IllegalArgumentException if the name is none for an adapter
   */
  public static PeftAdapter open(String name, Path folder) throws IOException {
    return PeftReader.open(AdapterName.check(name), folder, Optional.empty());
  }

  /**
   * As {@link #open(String, Path)}, and checks it against the model that it is for.
   *
   * @throws dev.wick.formats.file.FormatException also if a tensor has no place in the model or
   *     another shape there, naming both shapes, or if a module that the configuration targets has
   *     none
   */
  public static PeftAdapter open(String name, Path folder, BaseWeights base) throws IOException {
    return PeftReader.open(AdapterName.check(name), folder, Optional.of(base));
  }

  /**
   * An adapter made in memory.
   *
   * @param name the name it goes by
   * @param deltas low-rank changes by the name of the linear, or of the token embedding
   * @param replacements tensors by the name of the parameter whose place they take
   * @throws IllegalArgumentException if a rank or scale is not what the configuration says
   */
  public static PeftAdapter of(
      String name,
      PeftConfig config,
      Map<String, LowRank> deltas,
      Map<String, HostTensor> replacements) {
    AdapterParts parts = PeftNames.parts(config, deltas, replacements);
    return new PeftAdapter(name, config, parts, Optional.empty(), () -> {});
  }

  /** The same data under another name or version; what closes one closes the other. */
  public PeftAdapter as(String otherName, long otherVersion) {
    return new PeftAdapter(
        otherName, otherVersion, config, deltas, replacements, tensors, byteSize, folder, memory);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long version() {
    return version;
  }

  /** Its configuration. */
  public PeftConfig config() {
    return config;
  }

  @Override
  public Map<String, LowRank> deltas() {
    return deltas;
  }

  @Override
  public Map<String, HostTensor> replacements() {
    return replacements;
  }

  /** Its tensors under the names that they have in PEFT's file. */
  public Map<String, HostTensor> tensors() {
    return tensors;
  }

  /** The folder it was read from; empty if it was made in memory. */
  public Optional<Path> folder() {
    return folder;
  }

  @Override
  public long byteSize() {
    return byteSize;
  }

  /**
   * Writes a folder that PEFT loads, the weights first. Each file is replaced whole or not at all.
   *
   * @throws IOException if it cannot be written
   */
  public void save(Path target) throws IOException {
    PeftWriter.write(this, target);
  }

  @Override
  public void close() {
    memory.close();
  }

  /** The name and version, for example {@code sql@3}. */
  @Override
  public String toString() {
    return name + "@" + version;
  }
}
