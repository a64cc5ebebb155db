/** Benchmarks of single operations, with JMH. */
package dev.wick.benchmarks.op;
