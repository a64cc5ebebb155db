package dev.wick.engine;

import dev.wick.engine.op.Op;
import java.util.List;

/** One operation of a traced computation. */
record TracedCall(Op op, List<TracedValue> operands, List<TracedValue> results) {}
