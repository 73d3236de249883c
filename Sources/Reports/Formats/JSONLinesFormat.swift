/// A JSON object a line (jsonlines.org).
struct JSONLinesFormat: RecordFormat {
  func begin(_ totals: ReportTotals) -> String {
    totals.part.map { "{\"run\":\($0.json),\"status\":\"\(Self.runStatus)\"}\n" } ?? ""
  }

  /// Of the line, and in CSV of the row, that is no image's.
  static let runStatus = "run"

  func line(_ record: Record) -> String { JSONRecord(record: record).text + "\n" }
}
