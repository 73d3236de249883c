import Foundation

/// JUnit XML as CI servers read it: a test an image, a failure an outlier, an error an unreadable file; of a gate one more
/// test, which is its decision. What the gate lets pass is skipped, so that a server's verdict is the gate's.
struct JUnitFormat: RecordFormat {
  private var decision: ReportDecision?
  private var facts = ReportFacts()

  mutating func begin(_ totals: ReportTotals) -> String {
    decision = totals.decision
    let passes = decision?.outcome == .passed
    let failures = passes ? 0 : totals.outliers - totals.accepted
    let errors = passes ? 0 : totals.unreadable
    let all = totals.scored + totals.unreadable
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites>
      <testsuite name="surprisal" tests="\(all)" failures="\(failures)" errors="\(errors)" \
      skipped="\(totals.outliers + totals.unreadable - failures - errors)">

      """
        + (totals.isComplete
          ? "" : "<properties><property name=\"incomplete\" value=\"true\"/></properties>\n")
  }

  mutating func take(_ facts: ReportFacts) { self.facts = facts }

  func line(_ record: Record) -> String {
    let name = "<testcase classname=\"surprisal\" name=\"\(record.path.markupEscaped)\""
    let passes = decision?.outcome == .passed
    if let error = record.error {
      return name + ">" + outcome(passes ? "skipped" : "error", "unreadable", error) + "</testcase>\n"
    }
    // What the schemas of CI servers have no properties for, a test may print.
    let facts = [record.size, record.format].compactMap { $0 }.joined(separator: " ")
    var parts = facts.isEmpty ? "" : "<system-out>\(facts.markupEscaped)</system-out>"
    if record.outlier == true {
      let message = String(
        format: "p-value %.4g, %@ %.3f%@: ", record.pValue ?? 1,
        (record.statistic ?? "") as NSString, record.score ?? 0, record.bits as NSString)
      let words = message + (record.reason ?? "")
      if record.accepted == true {
        parts += outcome("skipped", "accepted", "accepted before: " + words)
      } else if passes {
        parts += outcome("skipped", "outlier", "allowed: " + words)
      } else {
        parts += outcome("failure", "outlier", words)
      }
    }
    return name + (parts.isEmpty ? "/>\n" : ">\(parts)</testcase>\n")
  }

  private func outcome(_ element: String, _ type: String, _ message: String) -> String {
    "<\(element) type=\"\(type)\" message=\"\(message.markupEscaped)\"/>"
  }

  /// The gate's own test.
  private var gate: String {
    guard let decision else { return "" }
    let (failures, errors) = (decision.outcome == .failed ? 1 : 0, decision.outcome == .undecided ? 1 : 0)
    let steps = facts.steps.map { "\($0.purpose): \($0.command)\n" }.joined().markupEscaped
    let reason = decision.reason.markupEscaped
    let result =
      switch decision.outcome {
      case .passed: "<system-out>\(reason)</system-out>"
      case .failed: "<failure type=\"gate\" message=\"\(reason)\">\(steps)</failure>"
      case .undecided: "<error type=\"gate\" message=\"\(reason)\">\(steps)</error>"
      }
    return """
      <testsuite name="surprisal gate" tests="1" failures="\(failures)" errors="\(errors)" skipped="0">
      <testcase classname="surprisal" name="gate">\(result)</testcase>
      </testsuite>

      """
  }

  var end: String { "</testsuite>\n\(gate)</testsuites>\n" }
}
