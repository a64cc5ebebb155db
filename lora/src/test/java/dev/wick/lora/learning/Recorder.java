package dev.wick.lora.learning;

import dev.wick.lora.training.StepReport;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what it is told, and does something before that. */
class Recorder implements LearningListener {
  final List<LearningEvent> dropped = new CopyOnWriteArrayList<>();
  final List<DropReason> reasons = new CopyOnWriteArrayList<>();
  final List<String> rounds = new CopyOnWriteArrayList<>();
  final List<StepReport> steps = new CopyOnWriteArrayList<>();
  final List<LearningDecision> decisions = new CopyOnWriteArrayList<>();
  volatile Runnable before = () -> {};

  @Override
  public void onDropped(LearningEvent event, DropReason reason) {
    dropped.add(event);
    reasons.add(reason);
    before.run();
  }

  @Override
  public void onRound(String adapter, long version, int events) {
    rounds.add(adapter + " " + version + " " + events);
    before.run();
  }

  @Override
  public void onStep(String adapter, StepReport report) {
    steps.add(report);
    before.run();
  }

  @Override
  public void onDecision(LearningDecision decision) {
    decisions.add(decision);
    before.run();
  }
}
