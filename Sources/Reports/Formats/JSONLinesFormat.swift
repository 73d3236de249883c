/// A JSON object a line (jsonlines.org).
struct JSONLinesFormat: RecordFormat {
  func line(_ record: Record) -> String { JSONRecord(record: record).text + "\n" }
}
