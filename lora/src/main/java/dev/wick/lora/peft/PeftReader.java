package dev.wick.lora.peft;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.file.TensorEntry;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.lora.name.ParameterPlaces;
import dev.wick.lora.tensor.FiniteCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Reads an adapter's folder: sorts the tensors by module, and lets them be checked. */
final class PeftReader {
  private static final String PICKLE = "adapter_model.bin";

  /** Longer names are no names: expressions of the configuration run over them. */
  private static final int MAX_NAME = 1000;

  private final Path file;
  private final PeftConfig config;
  private final TargetRules rules;
  private final Optional<BaseWeights> base;
  private final AdapterParts parts = new AdapterParts();

  /** The low-rank tensors by module, as PEFT names it. */
  private final Map<String, ModuleTensors> modules = new LinkedHashMap<>();

  private PeftReader(Path file, PeftConfig config, Optional<BaseWeights> base) {
    this.file = file;
    this.config = config;
    this.rules = new TargetRules(config);
    this.base = base;
  }

  static PeftAdapter open(String name, Path folder, Optional<BaseWeights> base) throws IOException {
    PeftConfig config = PeftConfig.read(folder.resolve(PeftConfig.FILE_NAME));
    Path file = weightsOf(folder);
    MappedFile<?> tensors = SafetensorsFile.open(file);
    boolean opened = false;
    try {
      var reader = new PeftReader(file, config, base);
      reader.read(tensors);
      var adapter =
          new PeftAdapter(name, config, reader.parts, Optional.of(folder), tensors::close);
      opened = true;
      return adapter;
    } finally {
      if (!opened) {
        tensors.close();
      }
    }
  }

  private static Path weightsOf(Path folder) throws IOException {
    Path file = folder.resolve(PeftWriter.WEIGHTS_NAME);
    if (Files.exists(file)) {
      return file;
    }
    Path pickle = folder.resolve(PICKLE);
    throw new NoSuchFileException(
        file.toString(),
        null,
        Files.exists(pickle)
            ? "there is only %s, a PyTorch pickle, which is not read because it can run code;"
                    .formatted(PICKLE)
                + " load and save the adapter with a current PEFT"
            : "no such file; expected the weights of an adapter");
  }

  private void read(MappedFile<?> tensors) throws IOException {
    for (TensorEntry entry : tensors.header().entries().values()) {
      HostTensor tensor = new HostTensor(entry.spec(), tensors.data(entry.name()));
      check(entry.name(), tensor);
      parts.tensors().put(entry.name(), tensor);
      sort(entry.name(), tensor);
    }
    for (ModuleTensors module : modules.values()) {
      new ModuleDeltas(file, config, rules, module).addTo(parts.deltas(), this::canonical);
    }
    if (parts.deltas().isEmpty() && parts.replacements().isEmpty()) {
      throw new FormatException(file, "expected tensors of an adapter, got none");
    }
    if (base.isPresent()) {
      tieHead(base.get());
      new BaseFit(file, config, rules, base.get()).check(parts);
    }
  }

  /** A trained embedding also replaces the output layer that is tied to it, if PEFT was told so. */
  private void tieHead(BaseWeights weights) {
    HostTensor embedding = parts.replacements().get(ParameterPlaces.EMBEDDING);
    if (config.ensureWeightTying() && embedding != null && weights.isTied()) {
      parts.replacements().putIfAbsent(ParameterPlaces.HEAD, embedding);
    }
  }

  private void check(String name, HostTensor tensor) throws IOException {
    if (!name.startsWith(PeftNames.PREFIX)) {
      throw problem(name, "expected a name that begins with " + PeftNames.PREFIX);
    }
    if (name.length() > MAX_NAME) {
      throw problem(
          name.substring(0, 100) + "...",
          "expected a name of at most %d letters, got %d".formatted(MAX_NAME, name.length()));
    }
    DType type = tensor.spec().dtype();
    if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
      throw problem(name, "expected F32, F16 or BF16, got " + tensor.spec());
    }
    if (!FiniteCheck.isFinite(tensor)) {
      throw problem(name, "expected finite numbers, got NaN or infinity; the adapter is broken");
    }
  }

  private void sort(String name, HostTensor tensor) throws IOException {
    String path = name.substring(PeftNames.PREFIX.length());
    for (ModuleTensors.Role role : ModuleTensors.Role.values()) {
      String module = role.moduleOf(path);
      if (module != null) {
        ModuleTensors tensors = modules.computeIfAbsent(module, ModuleTensors::new);
        if (tensors.put(role, name, tensor) != null) {
          throw problem(name, "expected it once, got it under two names");
        }
        return;
      }
    }
    addReplacement(name, path, tensor);
  }

  private void addReplacement(String name, String path, HostTensor tensor) throws IOException {
    String parameter = path.replace(".modules_to_save.", ".");
    int dot = parameter.lastIndexOf('.');
    String module = parameter.substring(0, Math.max(0, dot));
    String kind = parameter.substring(dot + 1);
    boolean behind = module.endsWith(PeftNames.BASE_LAYER);
    if (behind) {
      module = module.substring(0, module.length() - PeftNames.BASE_LAYER.length());
    }
    if (!isExpected(module, kind, behind)) {
      throw problem(
          name,
          "expected lora_A, lora_B and what %s allows beside them, got %s of unknown use"
              .formatted(PeftConfig.FILE_NAME, tensor.spec()));
    }
    parts.replacements().put(canonical(module) + "." + kind, tensor);
  }

  private boolean isExpected(String module, String kind, boolean behind) {
    if (rules.isSaved(module)) {
      return true;
    }
    if (kind.equals("bias")) {
      return switch (config.bias()) {
        case NONE -> false;
        case ALL -> true;
        case LORA_ONLY -> rules.targets(module);
      };
    }
    // With an adapted embedding PEFT stores the embedding itself, which may have grown.
    return behind && kind.equals("weight") && (rules.targets(module) || rules.isOpen());
  }

  /** The name by which models know a module; PEFT's lacks the beginning for a bare decoder. */
  private String canonical(String module) {
    if (base.isPresent()) {
      return base.get().moduleName(module);
    }
    boolean bare =
        module.startsWith("layers.") || module.equals("embed_tokens") || module.equals("norm");
    return bare ? "model." + module : module;
  }

  private FormatException problem(String tensor, String problem) {
    return new FormatException(file, "%s: %s".formatted(tensor, problem));
  }

  /** Gives a module the name that models have for it. */
  @FunctionalInterface
  interface Naming {
    String canonical(String module);
  }
}
