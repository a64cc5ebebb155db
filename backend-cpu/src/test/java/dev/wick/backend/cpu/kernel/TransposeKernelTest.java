package dev.wick.backend.cpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.op.Copy;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransposeKernelTest {
  @ParameterizedTest
  @CsvSource({"2,2", "3,5", "64,8", "65,8", "129,7", "4864,8", "8,896", "301,257", "2,40001"})
  void run_anyExtents_givesEachElementItsPlace(int rows, int columns) {
    try (Arena arena = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      MemorySegment stored = Loops.random(arena, new Random(rows), 1 + rows * columns);
      Layout transposed = Layout.contiguous(Shape.of(columns, rows)).transpose(0, 1);
      HostTensor source = new HostTensor(stored, 4, DType.F32, transposed);
      MemorySegment copied = arena.allocate(4L * rows * columns, 64);
      HostTensor result =
          new HostTensor(copied, 0, DType.F32, Layout.contiguous(Shape.of(rows, columns)));

      CpuKernel kernel = CopyKernel.of(new Copy(0), List.of(source), result);
      kernel.run(execution);

      assertThat(kernel).isInstanceOf(TransposeKernel.class);
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          float expected = stored.get(Layouts.FLOAT, 4 + 4L * (j * rows + i));
          float actual = copied.get(Layouts.FLOAT, 4L * (i * columns + j));
          if (actual != expected) {
            assertThat(actual).as("element (%d, %d)", i, j).isEqualTo(expected);
          }
        }
      }
    }
  }
}
