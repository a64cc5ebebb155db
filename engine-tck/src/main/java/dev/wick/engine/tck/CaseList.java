package dev.wick.engine.tck;

import java.util.ArrayList;
import java.util.List;

/** All cases of all operations. */
final class CaseList {
  private CaseList() {}

  static List<Cases> all() {
    List<Cases> all = new ArrayList<>();
    all.addAll(ElementwiseCases.all());
    all.addAll(ReductionCases.all());
    all.addAll(MovementCases.all());
    all.addAll(MatrixCases.all());
    all.addAll(QuantizedCases.all());
    all.addAll(FusedCases.all());
    all.add(new AttentionCases());
    all.add(new LoraCases());
    all.addAll(TrainingCases.all());
    return List.copyOf(all);
  }
}
