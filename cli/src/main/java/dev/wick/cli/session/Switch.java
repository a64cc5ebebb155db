package dev.wick.cli.session;

/** The value of an option that is on or off, as opposed to not given. */
public enum Switch {
  ON,
  OFF
}
