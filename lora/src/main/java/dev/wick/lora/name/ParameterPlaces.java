package dev.wick.lora.name;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a checkpoint has the parameters that adapters name. It may fuse its experts, tie its output
 * layer to the embedding or nest its text model. Thread-safe.
 */
public final class ParameterPlaces {
  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.experts)\\.(\\d{1,6})\\.(gate_proj|up_proj|down_proj)\\.weight");

  /** The weight of the output layer. */
  public static final String HEAD = "lm_head.weight";

  /** The table of token embeddings. */
  public static final String EMBEDDING = "model.embed_tokens.weight";

  private static final String TEXT = "model.";
  private static final String NESTED_TEXT = "model.language_model.";

  private final WeightSource source;

  /** The places in a source. */
  public ParameterPlaces(WeightSource source) {
    this.source = source;
  }

  /**
   * A matrix or vector inside a tensor of the checkpoint.
   *
   * @param tensor name of the tensor
   * @param spec its type, and the shape of the part
   * @param begin first byte of the part
   * @param isTied whether the tensor is another parameter's and only lent to this one
   */
  public record Place(String tensor, TensorSpec spec, long begin, boolean isTied) {}

  /** Whether the output layer has no weight of its own. */
  public boolean isTied() {
    return place(HEAD).filter(Place::isTied).isPresent();
  }

  /**
   * A parameter as stored; empty if the model has none of that name.
   *
   * @throws IOException if its file cannot be mapped
   */
  public Optional<HostTensor> tensor(String parameter) throws IOException {
    Optional<Place> found = place(parameter);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Place place = found.get();
    return Optional.of(
        new HostTensor(
            place.spec(),
            source.data(place.tensor()).asSlice(place.begin(), place.spec().byteSize())));
  }

  /** The place of a parameter; empty if the model has none of that name. */
  public Optional<Place> place(String parameter) {
    for (String name : spellings(parameter)) {
      Optional<Place> place = whole(name, false).or(() -> expert(name));
      if (place.isPresent()) {
        return place;
      }
    }
    if (parameter.equals(HEAD)) {
      return place(EMBEDDING)
          .map(place -> new Place(place.tensor(), place.spec(), place.begin(), true));
    }
    return Optional.empty();
  }

  /** The name that the checkpoint has for a module, or the given one if it has none. */
  public String moduleName(String module) {
    for (String name : spellings(module)) {
      if (whole(name + ".weight", false).or(() -> expert(name + ".weight")).isPresent()) {
        return name;
      }
    }
    return module;
  }

  private static List<String> spellings(String name) {
    if (name.startsWith(NESTED_TEXT)) {
      return List.of(name, TEXT + name.substring(NESTED_TEXT.length()));
    }
    return name.startsWith(TEXT)
        ? List.of(name, NESTED_TEXT + name.substring(TEXT.length()))
        : List.of(name, TEXT + name, NESTED_TEXT + name);
  }

  private Optional<Place> whole(String name, boolean isTied) {
    return source.find(name).map(spec -> new Place(name, spec, 0, isTied));
  }

  /** An expert of a checkpoint that has one tensor for all: [experts, out, in], gate before up. */
  private Optional<Place> expert(String name) {
    Matcher matcher = EXPERT.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String projection = matcher.group(3);
    int parts = projection.equals("down_proj") ? 1 : 2;
    String tensor = matcher.group(1) + (parts == 1 ? ".down_proj" : ".gate_up_proj");
    long expert = Long.parseLong(matcher.group(2));
    Optional<TensorSpec> fused = source.find(tensor);
    if (fused.isEmpty()
        || fused.get().shape().rank() != 3
        || fused.get().shape().extent(0) <= expert
        || fused.get().dtype().isQuantized()) {
      return Optional.empty();
    }
    Shape shape = fused.get().shape();
    TensorSpec spec = TensorSpec.of(fused.get().dtype(), shape.extent(1) / parts, shape.extent(2));
    long index = parts * expert + (projection.equals("up_proj") ? 1 : 0);
    return Optional.of(new Place(tensor, spec, index * spec.byteSize(), false));
  }
}
