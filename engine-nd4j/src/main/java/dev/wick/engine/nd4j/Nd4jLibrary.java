package dev.wick.engine.nd4j;

import dev.wick.engine.spi.DeviceException;
import java.lang.foreign.MemorySegment;
import java.util.Properties;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J, started once per process. */
final class Nd4jLibrary {
  private Nd4jLibrary() {}

  /**
   * Starts ND4J unless it has been.
   *
   * @throws DeviceException if it cannot be started
   */
  static synchronized void start(String device) {
    // JavaCPP refuses to allocate once the process is larger than four times the heap's limit, and
    // counts mapped weights. It allocates no data here, only headers.
    if (System.getProperty("org.bytedeco.javacpp.maxphysicalbytes") == null) {
      System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    }
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(Nd4jLibrary.class.getClassLoader()); // ND4J finds itself by it
    try {
      Nd4j.create(1).close();
    } catch (RuntimeException | LinkageError e) {
      // ND4J wraps whatever goes wrong while it loads its libraries in one or the other.
      throw new DeviceException(
          device
              + ": open: expected ND4J to start, got "
              + rootCause(e)
              + "; check that its jars are of one version and that java.io.tmpdir and the JavaCPP"
              + " cache are writable",
          e);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Whether the backend that ND4J chose computes in the host's memory. */
  static boolean computesOnHost() {
    return Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
  }

  private static Throwable rootCause(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** What ND4J says of itself, for example {@code OPENBLAS, 2 threads}. */
  static String description() {
    Properties environment = Nd4j.getExecutioner().getEnvironmentInformation();
    return environment.get("blas.vendor") + ", " + environment.get("blas.threads") + " threads";
  }

  /** F32 elements of native memory as an array, without a copy. */
  static INDArray array(MemorySegment memory, long byteOffset, long[] shape, long[] strides) {
    long span = 1;
    for (int i = 0; i < shape.length; i++) {
      span += (shape[i] - 1) * strides[i];
    }
    DataBuffer buffer =
        Nd4j.createBuffer(new SegmentPointer(memory, byteOffset, span), span, DataType.FLOAT);
    return Nd4j.create(buffer, shape, strides, 0, 'c');
  }
}
