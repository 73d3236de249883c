import Foundation

/// A summary in GitHub's Markdown, for `$GITHUB_STEP_SUMMARY` or a comment: the verdict first, then what is odd and what is
/// unreadable, some fifty of each.
///
/// Ordinary images are counted and left out. All is written at the end, when the verdict is known; memory holds what is
/// shown.
struct MarkdownFormat: RecordFormat {
  /// Images told of each kind; GitHub cuts off a summary of a megabyte.
  static let most = 50

  private var totals = ReportTotals(scored: 0, outliers: 0, unreadable: 0)
  private var facts = ReportFacts()
  private var outliers: [Record] = []
  private var unreadable: [Record] = []

  mutating func begin(_ totals: ReportTotals) -> String {
    self.totals = totals
    return ""
  }

  mutating func take(_ facts: ReportFacts) { self.facts = facts }

  mutating func line(_ record: Record) -> String {
    if record.error != nil {
      if unreadable.count < Self.most { unreadable.append(record) }
    } else if record.outlier == true, outliers.count < Self.most {
      outliers.append(record)
    }
    return ""
  }

  var end: String {
    // A scan's notes begin with its counts.
    var parts = ["### \(verdict)", facts.notes.isEmpty || totals.decision != nil ? counts : ""]
    parts += facts.notes.map(\.markdownEscaped)
    if !facts.steps.isEmpty {
      let steps = facts.steps.map { "- \($0.purpose.markdownEscaped): \($0.command.markdownCode)" }
      parts.append(steps.joined(separator: "\n"))
    }
    if !outliers.isEmpty {
      let rows = outliers.map { record in
        let why = (record.reason ?? "").markdownEscaped + (record.accepted == true ? " *(accepted)*" : "")
        return [
          record.path.markdownCode, probability(record.pValue), why,
          record.copyOf.map { "\($0)".markdownCode } ?? "",
        ]
      }
      let hasCopies = outliers.contains { $0.copyOf != nil }
      parts.append(
        table(
          ["image", "p-value", "why"] + (hasCopies ? ["copy of"] : []),
          rows.map { hasCopies ? $0 : Array($0.dropLast()) }, of: totals.outliers, "outliers"))
    }
    if !unreadable.isEmpty {
      parts.append(
        table(
          ["unreadable", "because"],
          unreadable.map { [$0.path.markdownCode, ($0.error ?? "").markdownEscaped] }, of: totals.unreadable,
          "unreadable files"))
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private var verdict: String {
    if let decision = totals.decision {
      let mark =
        switch decision.outcome {
        case .passed: "✅"
        case .failed: "❌"
        case .undecided: "⚠️"
        }
      return "\(mark) \("\(decision)".markdownEscaped)"
    }
    return "\(totals.outliers) of \(totals.scored) images do not belong"
  }

  private var counts: String {
    let accepted = totals.accepted > 0 ? " (\(totals.accepted) accepted before)" : ""
    return
      "\(totals.scored) images scored, \(totals.outliers) outliers\(accepted), \(totals.unreadable) unreadable."
  }

  private func probability(_ value: Double?) -> String {
    value.map { String(format: $0 < 0.0001 ? "%.0e" : "%.4f", $0) } ?? ""
  }

  private func table(_ names: [String], _ rows: [[String]], of all: Int, _ what: String) -> String {
    func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
    let rest = all - rows.count
    return row(names) + row(names.map { _ in "---" }) + rows.map(row).joined()
      + (rest > 0 ? "\nand \(rest) more \(what).\n" : "")
  }
}
