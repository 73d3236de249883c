import Testing

@testable import Reports

struct RecordWriterTests {
  @Test("The contract's formats are there by name, and a writer is what the format makes")
  func formats() throws {
    let records = try RandomRecords.make(60, seed: 1)
    #expect(
      ReportFormat.allCases.map(\.rawValue) == ["text", "jsonl", "csv", "html", "sarif", "junit", "markdown"])
    for format in ReportFormat.allCases {
      var writer = RecordWriter(format)
      let totals = ReportTotals(
        scored: records.count { $0.error == nil }, outliers: records.count { $0.outlier == true },
        unreadable: records.count { $0.error != nil })
      let written = writer.begin(totals) + records.map { writer.line($0) }.joined() + writer.end
      try #require(written == format.make(isColoured: false).whole(records), "\(format)")
    }
  }

  @Test(
    "Only SARIF leaves records out, and pages and summaries are written at their end",
    arguments: ReportFormat.allCases)
  func leftOut(format: ReportFormat) throws {
    var writer = RecordWriter(format)
    for record in try RandomRecords.make(100, seed: 2) {
      let isWrong = record.error != nil || record.outlier == true
      let isEmpty = format == .markdown || format == .html || format == .sarif && !isWrong
      try #require(writer.line(record).isEmpty == isEmpty, "\(record)")
    }
  }
}
