package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Loops;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WarmUpTest {
  static Stream<InnerLoops> loops() {
    return Loops.all();
  }

  @ParameterizedTest
  @MethodSource("loops")
  void run_interrupted_returnsSoon(InnerLoops loops) throws InterruptedException {
    WarmUp warmUp = new WarmUp(loops);
    Thread running =
        Thread.ofPlatform()
            .start(
                () -> {
                  Thread.currentThread().interrupt();
                  warmUp.run();
                });

    running.join();

    assertThat(running.isAlive()).isFalse();
  }
}
