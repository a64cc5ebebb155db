package dev.wick.tokenizers.jinja;

/** Text under construction: the rendering itself, or what a macro or block captures. */
final class Output {
  private final StringBuilder text = new StringBuilder();
  private final Budget budget;
  private int countedUnits;
  private int countedPoints;

  Output(Budget budget) {
    this.budget = budget;
  }

  void append(String part) {
    budget.grow((long) text.length() + part.length(), part.length());
    text.append(part);
  }

  /** Returns the length in code points. */
  int length() {
    countedPoints += text.codePointCount(countedUnits, text.length());
    countedUnits = text.length();
    return countedPoints;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
