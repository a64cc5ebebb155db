package dev.wick.examples.backend;

import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Computes on another device, whose memory it shares, and measures each operation. When it closes,
 * it logs what it measured. Thread-safe.
 */
final class ProfileDevice implements Device {
  private static final System.Logger LOG = System.getLogger("dev.wick.examples.backend");

  private final DeviceInfo info;
  private final Device device;
  private final Profile profile = new Profile();

  ProfileDevice(DeviceInfo info, Device device) {
    this.info = info;
    this.device = device;
  }

  Profile profile() {
    return profile;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return device.supports(op, operands);
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    return device.allocate(byteSize);
  }

  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    return device.wrap(host);
  }

  @Override
  public CommandQueue newQueue() {
    return new ProfileQueue(device.newQueue(), profile);
  }

  @Override
  public void warmUp() {
    device.warmUp();
  }

  @Override
  public void close() {
    device.close();
    if (!profile.isEmpty()) {
      LOG.log(System.Logger.Level.INFO, () -> profile.report(device.info().id()));
    }
  }
}
