package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Gemm;
import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

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
    List<Gemm.Product> products = new ArrayList<>();
    for (int i = 0; i < weights.size(); i++) {
      HostTensor result = results.get(i);
      if (result.size() == 0) {
        continue;
      }
      if (k == 0) {
        return _ -> results.forEach(QuantizedMatMulKernel::clear);
      }
      RightOperand right = operand(loops, weights.get(i), transposed);
      if (transposed && tiles.size() == weights.size()) {
        right = right.withTiles(new RightOperand.Tiles(loops.tiles().orElseThrow(), tiles.get(i)));
      }
      products.add(new Gemm.Product(right, result.segment(), result.offset(), 4L * right.n()));
    }
    if (products.isEmpty()) {
      return _ -> {};
    }
    boolean tiled = transposed && tiles.size() == weights.size();
    if (tiled && m <= maxTileRows(loops)) {
      return new TileProducts(
          loops.tiles().orElseThrow(), execution, x, tileProducts(weights, tiles, results));
    }
    if (tiled && m <= RowProducts.MAX_ROWS && TilePanels.fits(loops.tile(), m)) {
      return new TilePanels(
          loops.tile(),
          loops.tiles().orElseThrow(),
          execution,
          x,
          tileProducts(weights, tiles, results));
    }
    if (transposed && !tiled && m <= RowProducts.MAX_ROWS) {
      DType dtype = weights.getFirst().dtype();
      return new RowProducts(loops.dot(dtype), execution, x, products);
    }
    return MatMulKernel.blocked(loops, execution, x, products);
  }

  /** Rows up to which tiles are multiplied as they are. */
  private static int maxTileRows(InnerLoops loops) {
    int vectors = loops.tiles().orElseThrow().maxVectors();
    return vectors > 1 ? RowProducts.MAX_ROWS : 1;
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
