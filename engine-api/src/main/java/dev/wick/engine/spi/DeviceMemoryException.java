package dev.wick.engine.spi;

/** A device has too little memory. */
public final class DeviceMemoryException extends DeviceException {
  private static final long serialVersionUID = 1L;

  private final long requestedBytes;
  private final long freeBytes;

  /**
   * @param device id of the device
   * @param requestedBytes bytes asked for
   * @param freeBytes bytes free, negative if unknown
   */
  public DeviceMemoryException(String device, long requestedBytes, long freeBytes) {
    super(
        "%s: allocate: expected %d bytes free, got %s; close scopes or lower the context length"
            .formatted(device, requestedBytes, freeBytes < 0 ? "fewer" : freeBytes));
    this.requestedBytes = requestedBytes;
    this.freeBytes = freeBytes;
  }

  /** Bytes asked for. */
  public long requestedBytes() {
    return requestedBytes;
  }

  /** Bytes free, negative if unknown. */
  public long freeBytes() {
    return freeBytes;
  }
}
