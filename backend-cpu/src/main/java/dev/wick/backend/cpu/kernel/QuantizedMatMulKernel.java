package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Gemm;
import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Products with quantised matrices: row by row for few rows, else with panels that are expanded.
 */
final class QuantizedMatMulKernel {
  private QuantizedMatMulKernel() {}

  /** Whether rows of a weight are short enough to be expanded in a worker's scratch. */
  static boolean fits(InnerLoops loops, TensorSpec weight) {
    long columns = weight.shape().extent(1);
    return columns <= Worker.SCRATCH_BYTES / 8
        && loops.dot(weight.dtype()).scratchBytes((int) columns) <= Worker.SCRATCH_BYTES / 2;
  }

  /**
   * Products of one left operand with one or several weights of one type.
   *
   * @param left contiguous [..., k]
   * @param transposed whether the weights are [n, k]; else [k, n]
   * @param tiles of the weights, as many as weights or none
   */
  static CpuKernel of(
      InnerLoops loops,
      Execution execution,
      boolean transposed,
      HostTensor left,
      List<HostTensor> weights,
      List<MemorySegment> tiles,
      List<HostTensor> results) {
    int k = left.extent(-1);
    int m = k == 0 ? 0 : Math.toIntExact(left.size() / k);
    LeftOperand x = new LeftOperand(left.segment(), left.offset(), 4L * k, 4, m, k);
    if (results.stream().allMatch(result -> result.size() == 0)) {
      return _ -> {};
    }
    if (k == 0) {
      return _ -> results.forEach(QuantizedMatMulKernel::clear);
    }
    DType dtype = weights.getFirst().dtype();
    boolean tiled = transposed && tiles.size() == weights.size();
    Optional<TileDot> rounded = Activations.wanted().int8Tiles(loops, dtype);
    if (tiled && rounded.isPresent()) {
      return new TileProducts(
          rounded.get(), dtype, execution, x, tileProducts(weights, tiles, results));
    }
    Optional<FloatTileDot> exact = tiled && dtype == DType.Q4_0 ? loops.tiles() : Optional.empty();
    if (exact.isPresent() && m <= maxRows(exact.get())) {
      return new TileProducts(
          exact.get(), dtype, execution, x, tileProducts(weights, tiles, results));
    }
    if (exact.isPresent() && m <= RowProducts.MAX_ROWS && TilePanels.fits(loops.tile(), m)) {
      return new TilePanels(
          loops.tile(), exact.get(), execution, x, tileProducts(weights, tiles, results));
    }
    List<Gemm.Product> products = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      HostTensor result = results.get(i);
      RightOperand right = operand(loops, weights.get(i), transposed);
      if (exact.isPresent()) {
        right = right.withTiles(new RightOperand.Tiles(exact.get(), tiles.get(i)));
      }
      if (result.size() > 0) {
        products.add(new Gemm.Product(right, result.segment(), result.offset(), 4L * right.n()));
      }
    }
    if (transposed && exact.isEmpty() && m <= RowProducts.MAX_ROWS) {
      return new RowProducts(loops.dot(dtype), execution, x, products);
    }
    return MatMulKernel.blocked(loops, execution, x, products);
  }

  /** Rows up to which tiles are multiplied as they are. */
  private static int maxRows(TileDot dot) {
    return dot.maxVectors() > 1 ? RowProducts.MAX_ROWS : 1;
  }

  private static List<TileProducts.Product> tileProducts(
      List<HostTensor> weights, List<MemorySegment> tiles, List<HostTensor> results) {
    List<TileProducts.Product> products = new ArrayList<>();
    for (int i = 0; i < tiles.size(); i++) {
      HostTensor result = results.get(i);
      products.add(
          new TileProducts.Product(
              tiles.get(i), weights.get(i).extent(0), result.segment(), result.offset()));
    }
    return products;
  }

  private static RightOperand operand(InnerLoops loops, HostTensor weight, boolean transposed) {
    int rows = weight.extent(0);
    int columns = weight.extent(1);
    long rowBytes = weight.dtype().byteSize(columns);
    return RightOperand.ofBlocks(
        weight.segment(),
        weight.dtype(),
        weight.offset(),
        transposed ? RightOperand.IN_BLOCKS : rowBytes,
        transposed ? rowBytes : RightOperand.IN_BLOCKS,
        transposed ? columns : rows,
        transposed ? rows : columns,
        loops.blocks());
  }

  private static void clear(HostTensor result) {
    result.segment().asSlice(result.offset(), 4 * result.size()).fill((byte) 0);
  }
}
