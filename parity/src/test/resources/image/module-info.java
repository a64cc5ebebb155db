module dev.wick.smoke {
  requires dev.wick.engine;
}
