import Foundation

/// One way to write records: `begin`, a `line` for each record, `end`.
///
/// A new format is a file in Formats and its name in `ReportFormat`.
package protocol RecordFormat: Sendable {
  mutating func begin(_ totals: ReportTotals) -> String
  /// What a record adds; empty where the format leaves it out.
  mutating func line(_ record: Record) -> String
  /// Takes what is known of the run, before `end`.
  mutating func take(_ facts: ReportFacts)
  var end: String { get }
}

extension RecordFormat {
  package func begin(_ totals: ReportTotals) -> String { "" }
  package func take(_ facts: ReportFacts) {}
  package var end: String { "" }
}

extension Record {
  /// `scored` or `unreadable`.
  var status: String { error == nil ? "scored" : "unreadable" }

  /// Names of the troubles that the image is flagged for; nil where none were looked for.
  var named: [String]? { troubles.map { $0.filter(\.isNamed).map(\.name) } }

  /// The bits, after a comma; empty where the image was only looked at.
  var bits: String { bitsPerDim.map { String(format: ", %.3f bits/dim", $0) } ?? "" }

  /// `WIDTHxHEIGHT`; nil where it is not known.
  var size: String? { width.flatMap { width in height.map { "\(width)x\($0)" } } }
}
