package dev.wick.engine.tck;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Probe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;

/**
 * The contract of a backend as tests. The rules are numbered in {@code docs/spi.md}, and the name
 * of a test begins with its rule.
 *
 * <p>The author of a backend extends this class and runs it with JUnit:
 *
 * {@snippet :
 * class CudaConformanceTest extends BackendConformance {
 *   @Override
 *   protected BackendProvider provider() {
 *     return new CudaBackendProvider();
 *   }
 * }
 * }
 *
 * <p>Where the backend cannot run, the class is skipped with the reason; {@code -Dtck.require=cuda}
 * makes that a failure. Failures print the seed that replays them, {@code -Dtck.seed=...}; {@code
 * -Dtck.random=N} sets how many random cases of each operation are drawn.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendConformance {
  private @Nullable Fixture fixture;

  /** A conformance test. */
  protected BackendConformance() {}

  /** The backend to be proved. */
  protected abstract BackendProvider provider();

  /** What the backend does not do, besides what is optional; nothing by default. */
  protected Set<Gap> declaredGaps() {
    return Set.of();
  }

  /** Opens the backend's first device, or skips the class. */
  @BeforeAll
  public final void openDevice() {
    BackendProvider provider = provider();
    switch (provider.probe()) {
      case Probe.Available found ->
          fixture = Fixture.open(provider, found.devices().getFirst(), declaredGaps());
      case Probe.Unavailable missing -> {
        String reason =
            "%s: %s (%s)".formatted(provider.name(), missing.reason(), missing.remedy());
        if (provider.name().equals(System.getProperty("tck.require"))) {
          Assertions.fail("required by -Dtck.require, but " + reason);
        }
        Assumptions.abort(reason);
      }
    }
  }

  /** Closes the device; fails if a buffer is still open. */
  @AfterAll
  public final void closeDevice() {
    if (fixture != null) {
      fixture.close();
    }
  }

  private Fixture fixture() {
    return Objects.requireNonNull(fixture, "fixture");
  }

  private TruthSection truth() {
    return new TruthSection(fixture());
  }

  private QueueSection queues() {
    return new QueueSection(fixture());
  }

  private ErrorSection errors() {
    return new ErrorSection(fixture());
  }

  private RecordingSection recordings() {
    return new RecordingSection(fixture());
  }

  private ThreadSection threads() {
    return new ThreadSection(fixture());
  }

  private LifetimeSection lifetime() {
    return new LifetimeSection(fixture());
  }

  private GradientSection gradients() {
    return new GradientSection(fixture());
  }

  private Stream<DynamicTest> perOperation(String test, CaseTest body) {
    return CaseList.all().stream()
        .map(
            cases ->
                DynamicTest.dynamicTest(
                    cases.name(),
                    () -> body.run(cases, fixture().seed().generator(test + "." + cases.name()))));
  }

  /** What is done with the cases of one operation. */
  private interface CaseTest {
    void run(Cases cases, RandomGenerator random);
  }

  // What a backend says of itself.

  /** Version, name, devices and their ids are in order, and the same each time. */
  @Test
  public final void required_b01_providerDescribesItself() {
    truth().providerDescribesItself();
  }

  /** A device that was not offered does not open. */
  @Test
  public final void required_b02_unknownDeviceFails() {
    truth().unknownDeviceFails();
  }

  /** Every primitive is supported on F32, I32 and BOOL. */
  @Test
  public final void required_b03_primitivesAreSupported() {
    truth().primitivesAreSupported();
  }

  /** {@code supports} gives the same answer at any time and on any thread. */
  @Test
  public final void required_b04_supportsIsConstant() throws Exception {
    truth().supportsIsConstant();
  }

  /** What is declared as a gap is refused. */
  @Test
  public final void required_b05_gapsAreCleanRefusals() {
    truth().gapsAreCleanRefusals(declaredGaps());
  }

  /** An operation that the backend has never heard of is refused, and runs decomposed. */
  @Test
  public final void required_b06_unknownOperationIsRefusedAndDecomposed() {
    truth().unknownOperationIsRefusedAndDecomposed();
  }

  /** Publishes what the device has kernels for, and writes it to the file of -Dtck.report. */
  @Test
  public final void optional_b07_supportTable(TestReporter reporter) throws IOException {
    String table = new SupportTable(fixture()).markdown();
    reporter.publishEntry("support", table);
    String file = System.getProperty("tck.report", "");
    if (!file.isEmpty()) {
      Files.writeString(Path.of(file), table);
    }
  }

  // Values.

  /** Every operation gives what the oracle gives, writes its results and nothing else. */
  @TestFactory
  public final Stream<DynamicTest> required_b10_values() {
    return perOperation(
        "values",
        (cases, random) -> {
          for (OpCase opCase : cases.chosen(random)) {
            fixture().runner().run(opCase, Placement.PLAIN, random);
          }
        });
  }

  /** Operands may lie in memory in any layout. */
  @TestFactory
  public final Stream<DynamicTest> required_b11_layouts() {
    return perOperation(
        "layouts",
        (cases, random) -> {
          int next = 0;
          for (OpCase opCase : cases.chosen(random)) {
            Placement placement = Placement.values()[1 + next++ % 5];
            fixture().runner().run(opCase, placement, random);
            fixture().runner().runMixed(opCase, random);
          }
        });
  }

  /** Cases of any shape in any layout. */
  @TestFactory
  public final Stream<DynamicTest> required_b12_randomCases() {
    int count = Integer.getInteger("tck.random", 50);
    return perOperation(
        "random",
        (cases, random) -> {
          for (int i = 0; i < count; i++) {
            fixture().runner().runMixed(cases.any(random), random);
          }
        });
  }

  // Lifetime.

  /** New memory holds zeros. */
  @Test
  public final void required_b20_allocatedMemoryIsZeroed() {
    lifetime().allocatedMemoryIsZeroed();
  }

  /** New memory that the host sees is aligned to 64 bytes. */
  @Test
  public final void required_b21_allocatedMemoryIsAligned() {
    lifetime().allocatedMemoryIsAligned();
  }

  /** Sizes that cannot be had fail, and the device goes on. */
  @Test
  public final void required_b22_impossibleSizesFail() {
    lifetime().impossibleSizesFail();
  }

  /** Closing a buffer twice is closing it once. */
  @Test
  public final void required_b23_bufferCloseIsIdempotent() {
    lifetime().bufferCloseIsIdempotent();
  }

  /** A closed buffer cannot be used. */
  @Test
  public final void required_b24_bufferUseAfterCloseFails() {
    lifetime().bufferUseAfterCloseFails();
  }

  /** A buffer may be closed while submitted work uses it. */
  @Test
  public final void required_b25_closeWhileWorkIsPending() {
    lifetime().closeWhileWorkIsPending();
  }

  /** A device with open buffers does not close, and says how many and how large. */
  @Test
  public final void required_b26_deviceCloseWithOpenBuffersFails() {
    lifetime().deviceCloseWithOpenBuffersFails();
  }

  /** A closed device cannot be used; closing it again does nothing. */
  @Test
  public final void required_b27_deviceUseAfterCloseFails() {
    lifetime().deviceUseAfterCloseFails();
  }

  /** A closed queue cannot be used; closing it again does nothing. */
  @Test
  public final void required_b28_queueCloseIsIdempotentAndFinal() {
    lifetime().queueCloseIsIdempotentAndFinal();
  }

  /** Uploads and downloads reach every byte and no other. */
  @Test
  public final void required_b29_transfersReachEveryByte() {
    lifetime().transfersReachEveryByte();
  }

  /** Wrapped host memory is read as it is, wherever it begins. */
  @Test
  public final void required_b30_wrappedMemoryIsReadAsItIs() {
    lifetime().wrappedMemoryIsReadAsItIs();
  }

  // Commands.

  /** A command sees what the commands before it have written. */
  @Test
  public final void required_b40_commandsRunInOrder() {
    queues().commandsRunInOrder();
  }

  /** An upload is a command like others, and its source may be used again at once. */
  @Test
  public final void required_b41_uploadsKeepTheirPlaceInOrder() {
    queues().uploadsKeepTheirPlaceInOrder();
  }

  /** Operands may be equal, and may lie in one buffer with the result. */
  @Test
  public final void required_b42_operandsAndResultsShareABuffer() {
    queues().operandsAndResultsShareABuffer();
  }

  /** What one queue has finished, another sees. */
  @Test
  public final void required_b43_queuesShareBuffers() {
    queues().queuesShareBuffers();
  }

  /** Reading a row that a table does not have is an error of the call, not of the device. */
  @Test
  public final void required_b44_gatherOutsideOfTheTableFails() {
    errors().gatherOutsideOfTheTableFails();
  }

  /** Writing a row that a table does not have is an error of the call, not of the device. */
  @Test
  public final void required_b45_scatterOutsideOfTheTableFails() {
    errors().scatterOutsideOfTheTableFails();
  }

  /** A kernel of attention refuses blocks and sequences that there are not. */
  @Test
  public final void optional_b46_attentionOutsideOfTheCacheFails() {
    errors().attentionOutsideOfTheCacheFails();
  }

  /** No number in an operand brings the device down. */
  @Test
  public final void required_b47_wildNumbersLeaveTheDeviceAlive() {
    errors().wildNumbersLeaveTheDeviceAlive();
  }

  /** A kernel of adapters refuses places, ranks and rows that there are not. */
  @Test
  public final void optional_b48_adapterOutsideOfThePoolFails() {
    errors().adapterOutsideOfThePoolFails();
  }

  /** A kernel of the loss refuses labels that there are not. */
  @Test
  public final void optional_b49_labelBeyondTheVocabularyFails() {
    errors().labelBeyondTheVocabularyFails();
  }

  /** A kernel of attention within a batch refuses sequences that begin later than the token. */
  @Test
  public final void optional_b46_attentionToLaterRowsFails() {
    errors().attentionToLaterRowsFails();
  }

  // Recordings and programs.

  /** Recorded commands do what submitted ones do, as often as they run. */
  @Test
  public final void required_b50_recordedCommandsRunAsSubmitted() {
    recordings().recordedCommandsRunAsSubmitted();
  }

  /** Every operation gives in a program what it gives at once. */
  @TestFactory
  public final Stream<DynamicTest> required_b51_tracedCases() {
    return perOperation("traced", (cases, random) -> recordings().tracedCases(cases, random));
  }

  /** Long programs, fused or decomposed, give what their operations give one by one. */
  @Test
  public final void required_b52_randomPrograms() {
    recordings().randomPrograms(Integer.getInteger("tck.random", 50));
  }

  /** A program writes into a table that outlives it. */
  @Test
  public final void required_b53_programsWriteInPlace() {
    recordings().programsWriteInPlace();
  }

  // Threads.

  /** The same operation on the same operands gives the same bits. */
  @Test
  public final void required_b60_sameBitsTwice() {
    threads().sameBitsTwice();
  }

  /** Two queues with work at a time do not disturb each other. */
  @Test
  public final void required_b61_queuesDoNotDisturbEachOther() {
    threads().queuesDoNotDisturbEachOther();
  }

  /** Four threads with a queue each get the bits that one gets alone. */
  @Test
  public final void required_b62_threadsDoNotDisturbEachOther() throws Exception {
    threads().threadsDoNotDisturbEachOther();
  }

  /** Memory may be taken and given back by many threads at once. */
  @Test
  public final void required_b63_allocationIsThreadSafe() throws Exception {
    threads().allocationIsThreadSafe();
  }

  // Gradients.

  /** The gradient of every operation is what differences say, however it is computed. */
  @TestFactory
  public final Stream<DynamicTest> required_b70_gradients() {
    return perOperation("gradients", (cases, random) -> gradients().ofOperation(cases, random));
  }

  /** Gradients flow back through long computations, kept or computed again. */
  @Test
  public final void required_b71_gradientsOfPrograms() {
    gradients().ofPrograms(Math.ceilDiv(Integer.getInteger("tck.random", 50), 5));
  }
}
