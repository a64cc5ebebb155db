package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Adds to products what low-rank adapters contribute: first the short products {@code x · Aᵀ} of
 * every use and row, then their expansions by B. The short products do not depend on what they are
 * added to, so that they can be computed beside it.
 */
final class LoraMatMulKernel implements CpuKernel {
  /** Multiply-adds below which waking a thread costs more than it brings. */
  private static final long SMALL_WORK = 32_000;

  private static final long MAX_LOW_BYTES = 1L << 22;

  /** The products if they have been computed before. */
  static final CpuKernel NO_PRODUCTS = _ -> {};

  private final CpuKernel products;
  private final LoraPart[] parts;
  private final int[] firstItem;
  private final int[] firstChunk;
  private final int slab;
  private final Region reduceRegion = this::reduce;
  private final Region expandRegion = this::expand;

  /**
   * Binds what is added to each of some products of the same number of rows.
   *
   * @param products the kernel that computes them, or {@link #NO_PRODUCTS}
   */
  LoraMatMulKernel(Execution execution, CpuKernel products, List<LoraPart> parts) {
    this.products = products;
    this.parts = parts.toArray(LoraPart[]::new);
    this.firstItem = new int[this.parts.length + 1];
    this.firstChunk = new int[this.parts.length + 1];
    long perRow = parts.stream().mapToLong(LoraPart::bytesPerRow).sum();
    int tokens = Math.max(1, parts.getFirst().tokens());
    this.slab = Math.toIntExact(Math.clamp(MAX_LOW_BYTES / Math.max(1, perRow), 1, tokens));
    long bytes = 0;
    for (LoraPart part : this.parts) {
      bytes += part.reserve(bytes, slab);
    }
    execution.reserveAside(bytes);
  }

  @Override
  public void run(Execution execution) {
    MemorySegment memory = execution.aside();
    int start = Integer.MAX_VALUE;
    int end = 0;
    for (LoraPart part : parts) {
      part.read(memory);
      start = Math.min(start, part.firstRow());
      end = Math.max(end, part.endRow());
    }
    if (start >= end) {
      products.run(execution);
      return;
    }
    for (int row = start; row < end; row += slab) {
      count(row, Math.min(end, row + slab));
      if (row > start || products == NO_PRODUCTS) {
        run(execution, reduceRegion, firstItem[parts.length], true);
      } else {
        execution.takeAlong(reduceRegion, firstItem[parts.length]);
        try {
          products.run(execution);
        } finally {
          execution.runAlongside();
        }
      }
      run(execution, expandRegion, firstChunk[parts.length], false);
    }
  }

  private void count(int start, int end) {
    for (int i = 0; i < parts.length; i++) {
      parts[i].enter(start, end);
      firstItem[i + 1] = firstItem[i] + parts[i].items();
      firstChunk[i + 1] = firstChunk[i] + parts[i].chunks();
    }
  }

  private void run(Execution execution, Region region, int chunks, boolean reduces) {
    long work = 0;
    for (LoraPart part : parts) {
      work += reduces ? part.reduceWork() : part.expandWork();
    }
    if (work >= SMALL_WORK) {
      execution.run(region, chunks);
      return;
    }
    for (int chunk = 0; chunk < chunks; chunk++) {
      region.run(execution.caller(), chunk);
    }
  }

  private void reduce(Worker worker, int item) {
    int part = part(firstItem, item);
    parts[part].reduce(worker, item - firstItem[part]);
  }

  private void expand(Worker worker, int chunk) {
    int part = part(firstChunk, chunk);
    parts[part].expand(worker, chunk - firstChunk[part]);
  }

  private static int part(int[] first, int number) {
    int part = 0;
    while (first[part + 1] <= number) {
      part++;
    }
    return part;
  }
}
