package dev.wick.engine.tck;

import dev.wick.engine.op.FusedOp;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a device has kernels for, as a table in Markdown. */
final class SupportTable {
  private final Fixture fixture;

  SupportTable(Fixture fixture) {
    this.fixture = fixture;
  }

  /** Types by which a case is told apart, besides F32, I32 and BOOL, which occur everywhere. */
  private enum Column {
    F32,
    BF16,
    F16,
    OTHER;

    static Column of(OpCase opCase) {
      List<TensorSpec> specs = new ArrayList<>(opCase.specs());
      specs.addAll(opCase.op().infer(opCase.specs()));
      Column column = F32;
      for (TensorSpec spec : specs) {
        Column here = of(spec.dtype());
        column = here.compareTo(column) > 0 ? here : column;
      }
      return column;
    }

    private static Column of(DType dtype) {
      return switch (dtype) {
        case F32, I32, BOOL -> F32;
        case BF16 -> BF16;
        case F16 -> F16;
        default -> OTHER;
      };
    }
  }

  /** A heading with the device, and a row per operation. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("## ").append(fixture.info().id()).append("\n\n");
    text.append(fixture.info().description()).append("\n\n");
    text.append("| operation | F32, I32, BOOL | BF16 | F16 | other types |\n");
    text.append("|---|---|---|---|---|\n");
    for (Cases cases : CaseList.all()) {
      text.append("| ").append(cases.name());
      List<OpCase> chosen = cases.chosen(fixture.seed().generator("support." + cases.name()));
      for (Column column : Column.values()) {
        text.append(" | ").append(cell(chosen, column));
      }
      text.append(" |\n");
    }
    return text.toString();
  }

  private String cell(List<OpCase> cases, Column column) {
    int kernels = 0;
    int all = 0;
    boolean fused = false;
    for (OpCase opCase : cases) {
      if (Column.of(opCase) == column) {
        all++;
        kernels += fixture.device().supports(opCase.op(), opCase.specs()) ? 1 : 0;
        fused |= opCase.op() instanceof FusedOp;
      }
    }
    if (all == 0) {
      return "";
    }
    String otherwise = fused ? "decomposed" : "no";
    if (kernels == 0) {
      return otherwise;
    }
    return kernels == all
        ? "yes"
        : String.format(Locale.ROOT, "%d %%, else %s", 100L * kernels / all, otherwise);
  }
}
