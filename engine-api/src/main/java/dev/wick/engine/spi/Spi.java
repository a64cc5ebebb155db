package dev.wick.engine.spi;

/** The version of the backend SPI. */
public final class Spi {
  /** Raised when a provider compiled against an older one would misbehave. */
  public static final int VERSION = 1;

  private Spi() {}
}
