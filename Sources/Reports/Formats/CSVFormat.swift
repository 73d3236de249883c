import Foundation

/// Comma-separated values (RFC 4180) with a header; the profile's cell is JSON.
struct CSVFormat: RecordFormat {
  func begin(_ totals: ReportTotals) -> String {
    "path,status,bits_per_dim,standard_error,evaluations,statistic,score,p_value,outlier,reason,profile,error,warning,tail_p_value,width,height,format,path_bytes,known,content,troubles,copy_of,relative_to,accepted\n"
  }

  func line(_ record: Record) -> String {
    func number(_ value: Double?) -> String { value.map { JSONFigure($0).text } ?? "" }
    func count(_ value: Int?) -> String { value.map { "\($0)" } ?? "" }
    let profile = record.profile.map { "[\($0.map { JSONLevel($0).text }.joined(separator: ","))]" }
    let fields: [String] = [
      record.path, record.status, number(record.bitsPerDim), number(record.standardError),
      count(record.evaluations), record.statistic ?? "", number(record.score), number(record.pValue),
      record.outlier.map { "\($0)" } ?? "", record.reason ?? "", profile ?? "", record.error ?? "",
      record.warning ?? "", number(record.tailPValue), count(record.width), count(record.height),
      record.format ?? "", record.file.base64 ?? "", record.known ?? "", record.content ?? "",
      record.named?.joined(separator: "; ") ?? "",
      record.copyOf.map { "\($0)" } ?? "", record.relativeTo ?? "", record.accepted.map { "\($0)" } ?? "",
    ]
    return fields.map(\.csvCell).joined(separator: ",") + "\n"
  }
}
