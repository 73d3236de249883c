import Foundation

/// A JSON object a line (jsonlines.org).
struct JSONLinesFormat: RecordFormat {
  private let encoder = JSONEncoder.oneLine()

  func line(_ record: Record) -> String { encoder.text(JSONRecord(record: record)) + "\n" }
}
