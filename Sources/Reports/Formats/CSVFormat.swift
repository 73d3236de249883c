import Foundation

/// Comma-separated values (RFC 4180) with a header; the profile's cell is JSON.
///
/// Parts have a column more, `part`, and a row more, the first: of the run.
struct CSVFormat: RecordFormat {
  private var isOfParts = false

  static let columns = [
    "path", "status", "bits_per_dim", "standard_error", "evaluations", "statistic", "score", "p_value",
    "outlier", "reason", "profile", "error", "warning", "tail_p_value", "width", "height", "format",
    "path_bytes", "known", "content", "troubles", "copy_of", "relative_to", "accepted", "tiles",
  ]

  mutating func begin(_ totals: ReportTotals) -> String {
    guard let part = totals.part else { return row(Self.columns) }
    isOfParts = true
    let rest = [String](repeating: "", count: Self.columns.count - 2)
    return row(Self.columns + ["part"]) + row(["", JSONLinesFormat.runStatus] + rest + [part.json])
  }

  func line(_ record: Record) -> String {
    func number(_ value: Double?) -> String {
      guard let value else { return "" }
      return record.digits == .all ? JSONFigure(value).json(.all) : JSONFigure(value).text
    }
    func count(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }
    let profile = record.profile.map { levels in
      "[\(levels.map { JSONLevel($0, record.digits).text }.joined(separator: ","))]"
    }
    let fields: [String] = [
      record.path, record.status, number(record.bitsPerDim), number(record.standardError),
      count(record.evaluations), record.statistic ?? "", number(record.score), number(record.pValue),
      record.outlier.map { "\($0)" } ?? "", record.reason ?? "", profile ?? "", record.error ?? "",
      record.warning ?? "", number(record.tailPValue), count(record.width), count(record.height),
      record.format ?? "", record.file.base64 ?? "", record.known ?? "", record.content ?? "",
      record.named?.joined(separator: "; ") ?? "",
      record.copyOf.map { "\($0)" } ?? "", record.relativeTo ?? "", record.accepted.map { "\($0)" } ?? "",
      count(record.tiles),
    ]
    return row(fields + (isOfParts ? [record.part?.json(record) ?? ""] : []))
  }

  private func row(_ cells: [String]) -> String { cells.map(\.csvCell).joined(separator: ",") + "\n" }
}
