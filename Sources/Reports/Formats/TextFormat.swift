import Foundation

/// A line an image for people, with the reason under an outlier's.
struct TextFormat: RecordFormat {
  let isColoured: Bool
  private var decision: ReportDecision?
  private var facts = ReportFacts()

  init(isColoured: Bool) { self.isColoured = isColoured }

  /// Four digits, small ones by their power of ten.
  private static func probability(_ value: Double) -> String {
    String(format: value < 0.0001 ? "%.0e" : "%.4f", value)
  }

  mutating func begin(_ totals: ReportTotals) -> String {
    decision = totals.decision
    return "verdict      p-value    score  bits/dim      +-         size  format  path\n"
  }

  func line(_ record: Record) -> String {
    let path = record.path.printable
    if let error = record.error { return "unreadable   \(path): \(error.printable)\n" }
    let isOutlier = record.outlier == true
    let isAccepted = record.accepted == true
    let word = (isOutlier ? isAccepted ? "accepted" : "OUTLIER" : "ok").padding(
      toLength: 10, withPad: " ", startingAt: 0)
    let verdict = isColoured && isOutlier && !isAccepted ? "\u{1B}[31m\(word)\u{1B}[0m" : word
    // %@ takes no width.
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(width - text.count, 0)) + text
    }
    let numbers =
      String(
        format: "%@ %@ %8.2f ", verdict as NSString,
        right(Self.probability(record.pValue ?? 1), 9) as NSString,
        record.score ?? 0)
      + right(record.bitsPerDim.map { String(format: "%.3f", $0) } ?? "-", 9) + " "
      + right(record.standardError.map { String(format: "%.3f", $0) } ?? "-", 7)
      + right(record.size ?? "-", 13) + "  "
      + (record.format ?? "-").padding(toLength: 6, withPad: " ", startingAt: 0) + "  "
    let tail =
      record.tailPValue.map { String(format: " (beyond all references; tail fit: p %.1g)", $0) } ?? ""
    let why = isOutlier ? "\n             \(record.reason ?? "")\(tail)" : ""
    let warning = record.warning.map { "\n             warning: \($0.printable)" } ?? ""
    return numbers + path + why + warning + "\n"
  }

  mutating func take(_ facts: ReportFacts) { self.facts = facts }

  /// What was decided, and what may come next.
  var end: String {
    guard let decision else { return "" }
    return "\(decision)\n" + facts.steps.map { "  \($0.purpose):\n    \($0.command)\n" }.joined()
  }
}
