package dev.wick.engine.op;

/**
 * One of the closed set of operations in which every other is defined. Every backend runs all of
 * them in F32.
 */
public sealed interface PrimitiveOp extends Op
    permits MatMul,
        Unary,
        Binary,
        Compare,
        Select,
        Reduce,
        ArgReduce,
        Cast,
        Copy,
        Gather,
        Scatter,
        Iota,
        Dequantize {}
