package dev.wick.lora.training.program;

/**
 * Where the tensors of one adapted linear layer stand in a {@link TrainableSet}; -1 for those that
 * it does not have.
 *
 * @param a index of A
 * @param b index of B
 * @param magnitude index of the magnitude of DoRA
 * @param bias index of the bias of B
 * @param scale factor on B · A
 */
public record LowRankSlot(int a, int b, int magnitude, int bias, float scale) {}
