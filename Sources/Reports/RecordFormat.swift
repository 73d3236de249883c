/// One way to write records: `begin`, a `line` for each record, `end`.
///
/// A new format is a file in Formats and its name in `ReportFormat`.
package protocol RecordFormat: Sendable {
  func begin(_ totals: ReportTotals) -> String
  /// What a record adds; empty where the format leaves it out.
  mutating func line(_ record: Record) -> String
  var end: String { get }
}

extension RecordFormat {
  package func begin(_ totals: ReportTotals) -> String { "" }
  package var end: String { "" }
}

extension Record {
  /// `scored` or `unreadable`.
  var status: String { error == nil ? "scored" : "unreadable" }

  /// `WIDTHxHEIGHT`; nil where it is not known.
  var size: String? { width.flatMap { width in height.map { "\(width)x\($0)" } } }
}
