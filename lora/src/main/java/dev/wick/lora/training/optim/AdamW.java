package dev.wick.lora.training.optim;

import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2017, arXiv:1711.05101), in F32 and in
 * the order of operations of {@code torch.optim.AdamW}, so that runs can be compared. One step
 * count for all parameters. One thread at a time.
 */
public final class AdamW {
  private final AdamWConfig config;
  private final List<float[]> means;
  private final List<float[]> squares;
  private long steps;

  /**
   * An optimiser that has made no step.
   *
   * @param sizes number of elements of each parameter
   */
  public AdamW(AdamWConfig config, List<Integer> sizes) {
    this.config = config;
    this.means = sizes.stream().map(size -> new float[size]).toList();
    this.squares = sizes.stream().map(size -> new float[size]).toList();
  }

  /** Number of steps made. */
  public long steps() {
    return steps;
  }

  /** Sets the number of steps made, for a state that was read from a checkpoint. */
  public void restoreSteps(long made) {
    steps = made;
  }

  /** Decaying means of the gradients, by parameter: the state itself. */
  public List<float[]> means() {
    return means;
  }

  /** Decaying means of the squared gradients, by parameter: the state itself. */
  public List<float[]> squares() {
    return squares;
  }

  /**
   * Makes a step: changes the parameters in place.
   *
   * @param parameters in the order and sizes of construction
   * @param gradients in the same order and sizes
   * @param rate learning rate of this step
   */
  public void step(List<float[]> parameters, List<float[]> gradients, double rate) {
    check(parameters, "parameters");
    check(gradients, "gradients");
    steps++;
    double correction1 = 1 - Math.pow(config.beta1(), (double) steps);
    double correction2 = 1 - Math.pow(config.beta2(), (double) steps);
    float keep = (float) (1 - rate * config.weightDecay());
    float stepSize = (float) (-rate / correction1);
    float rootCorrection = (float) Math.sqrt(correction2);
    for (int i = 0; i < parameters.size(); i++) {
      update(
          parameters.get(i),
          gradients.get(i),
          means.get(i),
          squares.get(i),
          keep,
          stepSize,
          rootCorrection);
    }
  }

  private void update(
      float[] parameter,
      float[] gradient,
      float[] mean,
      float[] square,
      float keep,
      float stepSize,
      float rootCorrection) {
    float weight1 = (float) (1 - config.beta1());
    float beta2 = (float) config.beta2();
    float weight2 = (float) (1 - config.beta2());
    float epsilon = (float) config.epsilon();
    for (int i = 0; i < parameter.length; i++) {
      float g = gradient[i];
      float m = mean[i] + weight1 * (g - mean[i]);
      float v = square[i] * beta2 + weight2 * g * g;
      mean[i] = m;
      square[i] = v;
      float denominator = (float) Math.sqrt(v) / rootCorrection + epsilon;
      parameter[i] = parameter[i] * keep + stepSize * (m / denominator);
    }
  }

  private void check(List<float[]> arrays, String what) {
    boolean fits = arrays.size() == means.size();
    for (int i = 0; fits && i < arrays.size(); i++) {
      fits = arrays.get(i).length == means.get(i).length;
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "adamw: expected %s of %s elements, got %s"
              .formatted(
                  what,
                  means.stream().map(array -> array.length).toList(),
                  arrays.stream().map(array -> array.length).toList()));
    }
  }
}
