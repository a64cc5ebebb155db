package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Gather;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.QuantizedMatMul;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Brings the tensors of a checkpoint to a device. A matrix stays in its stored type where the
 * device computes on it, and mapped where the device shares memory; elsewhere it is widened to F32.
 * It may be quantised on the way. Vectors, which are small, are always F32.
 */
public final class Weights {
  private static final System.Logger LOGGER = System.getLogger("dev.wick.engine.model");

  private final ModelSource source;
  private final Engine engine;
  private final TensorScope scope;
  private final LoadListener listener;
  private final Optional<DType> quantize;
  private final Set<String> noted = new HashSet<>();
  private final long totalBytes;
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<Linear> linears = new ArrayList<>();
  private long doneBytes;

  /** Weights of a source, owned by a scope. */
  public Weights(ModelSource source, Engine engine, TensorScope scope, LoadOptions options) {
    this.source = source;
    this.engine = engine;
    this.scope = scope;
    this.listener = options.listener();
    this.quantize = options.quantize();
    this.totalBytes =
        source.weights().names().stream()
            .mapToLong(name -> source.weights().find(name).orElseThrow().byteSize())
            .sum();
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    return source.weights().find(name).isPresent();
  }

  /** What was brought so far, in that order. */
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /** The linear layers brought so far, in that order. */
  public List<Linear> linears() {
    return List.copyOf(linears);
  }

  /** Bytes brought so far, as stored. */
  public long bytes() {
    return doneBytes;
  }

  /**
   * A table, such as the embeddings.
   *
   * @throws IOException if it is missing, has another shape, or is no F32, F16, BF16 or quantised
   */
  public Parameter matrix(String name, long rows, long columns) throws IOException {
    return matrix(name, rows, columns, quantize.map(Weights::forTables));
  }

  /** Tables and the last layer suffer most; ggml keeps them wider, too. */
  private static DType forTables(DType wanted) {
    return wanted == DType.Q6_K ? wanted : DType.Q8_0;
  }

  private Parameter matrix(String name, long rows, long columns, Optional<DType> wanted)
      throws IOException {
    TensorSpec stored = check(name, Shape.of(rows, columns));
    HostTensor tensor = new HostTensor(stored, source.weights().data(name));
    if (wanted.isPresent() && stored.dtype().isQuantized()) {
      noteQuantized(name, stored.dtype(), wanted.get());
    } else if (wanted.isPresent()) {
      tensor = quantized(name, tensor, wanted.get());
    }
    Tensor brought =
        isDirect(tensor.spec())
            ? scope.wrap(tensor.data(), tensor.spec())
            : widened(tensor.data(), tensor.spec());
    return brought(name, stored, brought);
  }

  private boolean isDirect(TensorSpec weight) {
    long columns = weight.shape().extent(1);
    TensorSpec row = TensorSpec.of(DType.F32, 1, columns);
    if (weight.dtype().isQuantized()) {
      return engine.device().supports(new QuantizedMatMul(true), List.of(row, weight))
          && engine.device().supports(new Gather(), List.of(weight, TensorSpec.of(DType.I32, 1)));
    }
    TensorSpec transposed = TensorSpec.of(weight.dtype(), columns, weight.shape().extent(0));
    return engine.device().supports(new MatMul(), List.of(row, transposed));
  }

  /** Rounding a second time would cost more than it saves. */
  private void noteQuantized(String name, DType stored, DType wanted) {
    if (stored != wanted && noted.add("quantized")) {
      LOGGER.log(
          System.Logger.Level.WARNING,
          () ->
              "%s: %s and other matrices are quantised already and stay as they are, in %s and not %s"
                  .formatted(source.location(), name, stored, wanted));
    }
  }

  private HostTensor quantized(String name, HostTensor tensor, DType wanted) throws IOException {
    long width = tensor.shape().extent(1);
    Optional<DType> dtype = Quantization.fitting(wanted, width);
    if (!dtype.equals(Optional.of(wanted)) && noted.add(wanted + " " + width)) {
      LOGGER.log(
          System.Logger.Level.WARNING,
          () ->
              "%s: %s and other matrices of width %d are kept in %s, as %s takes multiples of %d"
                  .formatted(
                      source.location(),
                      name,
                      width,
                      dtype.orElse(tensor.spec().dtype()),
                      wanted,
                      wanted.blockElements()));
    }
    if (dtype.isEmpty()) {
      return tensor;
    }
    try {
      return Quantization.quantize(tensor, dtype.get(), Arena.ofAuto());
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s: %s".formatted(source.location(), name, e.getMessage()), e);
    }
  }

  /**
   * A vector, as F32.
   *
   * @throws IOException if it is missing, has another length, or is no F32, F16, BF16 or quantised
   */
  public Parameter vector(String name, long length) throws IOException {
    TensorSpec spec = check(name, Shape.of(length));
    return brought(name, spec, widened(source.weights().data(name), spec));
  }

  /**
   * A linear layer: {@code name.weight} [out, in] and, if wanted, {@code name.bias} [out].
   *
   * @throws IOException as for {@link #matrix} and {@link #vector}
   */
  public Linear linear(String name, long out, long in, boolean bias) throws IOException {
    boolean last = name.equals("lm_head");
    Parameter weight =
        matrix(name + ".weight", out, in, last ? quantize.map(Weights::forTables) : quantize);
    Linear linear =
        new Linear(
            name, weight, bias ? Optional.of(vector(name + ".bias", out)) : Optional.empty());
    linears.add(linear);
    return linear;
  }

  /**
   * A linear layer of a mixture of experts: {@code name.weight} [out, in].
   *
   * @throws IOException as for {@link #matrix}
   */
  public Linear expert(String name, long out, long in) throws IOException {
    Parameter weight = matrix(name + ".weight", out, in, quantize);
    Linear linear = new Linear(name, weight, Optional.empty(), true);
    linears.add(linear);
    return linear;
  }

  /**
   * A linear layer whose outputs decide, such as the router of experts: {@code name.weight} [out,
   * in], never quantised on the way.
   *
   * @throws IOException as for {@link #matrix}
   */
  public Linear router(String name, long out, long in) throws IOException {
    Parameter weight = matrix(name + ".weight", out, in, Optional.empty());
    Linear linear = new Linear(name, weight, Optional.empty());
    linears.add(linear);
    return linear;
  }

  /** A linear layer that shares the weight of another layer or of the embedding. */
  public Linear tied(String name, Parameter weight) {
    Linear linear = new Linear(name, weight, Optional.empty());
    linears.add(linear);
    return linear;
  }

  private Tensor widened(MemorySegment data, TensorSpec spec) {
    try (Arena arena = Arena.ofConfined()) {
      TensorSpec wide = spec.withDType(DType.F32);
      MemorySegment floats = arena.allocate(Math.max(4, wide.byteSize()), 64);
      new HostTensor(spec, data).toFloat(floats);
      return scope.tensor(floats.asSlice(0, wide.byteSize()), wide);
    }
  }

  private TensorSpec check(String name, Shape shape) throws IOException {
    TensorSpec spec =
        source
            .weights()
            .find(name)
            .orElseThrow(
                () ->
                    new IOException(
                        "%s: expected a tensor %s of %s, got none; the checkpoint is incomplete or"
                                .formatted(source.location(), name, shape)
                            + " of another architecture"));
    DType dtype = spec.dtype();
    boolean plain = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
    if (!plain && !dtype.isQuantized()) {
      throw new IOException(
          "%s: %s: expected F32, F16, BF16 or a quantised type, got %s"
              .formatted(source.location(), name, spec));
    }
    if (!spec.shape().equals(shape)) {
      throw new IOException(
          "%s: %s: expected shape %s as the configuration says, got %s"
              .formatted(source.location(), name, shape, spec));
    }
    return spec;
  }

  private Parameter brought(String name, TensorSpec spec, Tensor tensor) {
    Parameter parameter = new Parameter(name, tensor);
    parameters.add(parameter);
    doneBytes += spec.byteSize();
    listener.onProgress(doneBytes, totalBytes);
    return parameter;
  }
}
