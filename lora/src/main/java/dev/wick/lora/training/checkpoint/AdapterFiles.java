package dev.wick.lora.training.checkpoint;

import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.program.LoraVariables;
import dev.wick.lora.training.program.TrainableSet;
import java.io.IOException;
import java.nio.file.Path;

/** Trained tensors as PEFT folders: each checkpoint is an adapter. */
public final class AdapterFiles implements ParameterFiles {
  private static final String NAME = "trained";

  private final PeftConfig config;
  private final TrainableSet set;

  public AdapterFiles(PeftConfig config, TrainableSet set) {
    this.config = config;
    this.set = set;
  }

  @Override
  public void write(Path folder) throws IOException {
    try (PeftAdapter adapter = LoraVariables.adapter(NAME, config, set)) {
      adapter.save(folder);
    }
  }

  @Override
  public void restore(Path folder) throws IOException {
    try (PeftAdapter adapter = PeftAdapter.open(NAME, folder)) {
      LoraVariables.restore(adapter, set);
    }
  }

  @Override
  public void writeResult(Path folder) throws IOException {
    write(folder);
  }
}
