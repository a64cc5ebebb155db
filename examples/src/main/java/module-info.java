import org.jspecify.annotations.NullMarked;

/**
 * Short programs, one for each thing that one does with Wick. Devices and model families are found
 * as services, so that none is required here.
 */
@NullMarked
module dev.wick.examples {
  requires static org.jspecify;
  requires com.fasterxml.jackson.databind;
  requires dev.wick.engine;
  requires dev.wick.formats;
  requires dev.wick.hub;
  requires dev.wick.lora;
  requires dev.wick.streaming;
  requires dev.wick.tokenizers;
}
