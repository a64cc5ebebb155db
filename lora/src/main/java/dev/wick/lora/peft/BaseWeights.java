package dev.wick.lora.peft;

import dev.wick.engine.model.WeightSource;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.lora.name.ParameterPlaces;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * The weights of a base model, found under the names by which adapters call them: where a
 * checkpoint fuses its experts, ties its output layer to the embedding or nests its text model, an
 * adapter's name still leads to the right part of the right tensor. Thread-safe.
 */
public final class BaseWeights {
  private final String location;
  private final WeightSource source;
  private final ParameterPlaces places;

  /**
   * The weights of a source.
   *
   * @param location where they are, for messages
   */
  public BaseWeights(String location, WeightSource source) {
    this.location = location;
    this.source = source;
    this.places = new ParameterPlaces(source);
  }

  /** Where they are. */
  public String location() {
    return location;
  }

  /** Names of all tensors, as the checkpoint has them. */
  public Set<String> names() {
    return source.names();
  }

  /** Whether the output layer has no weight of its own. */
  boolean isTied() {
    return places.isTied();
  }

  /** Shape of a parameter, or empty if the model has none of that name. */
  public Optional<Shape> shape(String parameter) {
    return places.place(parameter).map(place -> place.spec().shape());
  }

  /**
   * A parameter as stored; empty if the model has none of that name.
   *
   * @throws IOException if its file cannot be mapped
   */
  public Optional<HostTensor> tensor(String parameter) throws IOException {
    return places.tensor(parameter);
  }

  /** The name that the checkpoint has for a module, or the given one if it has none. */
  String moduleName(String module) {
    return places.moduleName(module);
  }

  @Override
  public String toString() {
    return location;
  }
}
