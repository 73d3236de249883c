import Foundation

/// How records are written.
public enum ReportFormat: String, Sendable, CaseIterable {
  case text, jsonl, csv
}

/// Turns records into lines of one format.
public struct RecordWriter: Sendable {
  public let format: ReportFormat

  public init(_ format: ReportFormat) { self.format = format }

  /// The first line, if the format has one.
  public var header: String? {
    switch format {
    case .csv:
      "path,status,bits_per_dim,standard_error,evaluations,statistic,score,p_value,outlier,reason,profile,error,warning\n"
    case .text: "verdict      p-value    score  bits/dim      +-  path\n"
    case .jsonl: nil
    }
  }

  public func line(_ record: Record) -> String {
    switch format {
    case .jsonl: json(record) + "\n"
    case .csv: csv(record) + "\n"
    case .text: text(record) + "\n"
    }
  }

  private func json(_ record: Record) -> String {
    var fields = ["\"path\":\(Self.quoted(record.path))"]
    if let error = record.error {
      fields += ["\"status\":\"unreadable\"", "\"error\":\(Self.quoted(error))"]
      return "{\(fields.joined(separator: ","))}"
    }
    fields.append("\"status\":\"scored\"")
    func add(_ name: String, _ value: String?) { if let value { fields.append("\"\(name)\":\(value)") } }
    add("bits_per_dim", record.bitsPerDim.map { Self.number($0) })
    add("standard_error", record.standardError.map { Self.number($0) } ?? "null")
    add("evaluations", record.evaluations.map { "\($0)" })
    add("statistic", record.statistic.map(Self.quoted))
    add("score", record.score.map { Self.number($0) })
    add("p_value", record.pValue.map { Self.number($0) })
    add("outlier", record.outlier.map { "\($0)" })
    add("reason", record.reason.map(Self.quoted))
    add("profile", record.profile.map(Self.profile))
    add("warning", record.warning.map(Self.quoted))
    return "{\(fields.joined(separator: ","))}"
  }

  private static func profile(_ levels: [Record.Level]) -> String {
    let parts = levels.map {
      "{\"sigma\":\(number($0.sigma)),\"bits_per_dim\":\(number($0.bitsPerDim)),\"z\":\(number($0.z))}"
    }
    return "[\(parts.joined(separator: ","))]"
  }

  private func csv(_ record: Record) -> String {
    func number(_ value: Double?) -> String { value.map { Self.number($0) } ?? "" }
    let fields = [
      record.path, record.error == nil ? "scored" : "unreadable", number(record.bitsPerDim),
      number(record.standardError), record.evaluations.map { "\($0)" } ?? "", record.statistic ?? "",
      number(record.score), number(record.pValue), record.outlier.map { "\($0)" } ?? "", record.reason ?? "",
      record.profile.map(Self.profile) ?? "", record.error ?? "", record.warning ?? "",
    ]
    return fields.map(Self.cell).joined(separator: ",")
  }

  /// RFC 4180 quoting.
  private static func cell(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) || text.contains("\r\n") else { return text }
    return "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
  }

  private func text(_ record: Record) -> String {
    let path = Self.printable(record.path)
    if let error = record.error { return "unreadable   \(path): \(Self.printable(error))" }
    let verdict = record.outlier == true ? "OUTLIER" : "ok"
    let numbers = String(
      format: "%@ %9.4f %8.2f %9.3f %7@  ",
      verdict.padding(toLength: 10, withPad: " ", startingAt: 0) as NSString,
      record.pValue ?? 1, record.score ?? 0, record.bitsPerDim ?? 0,
      (record.standardError.map { String(format: "%.3f", $0) } ?? "-") as NSString)
    let why = record.outlier == true ? "\n             \(record.reason ?? "")" : ""
    let damage = record.warning.map { "\n             damaged: \(Self.printable($0))" } ?? ""
    return numbers + path + why + damage
  }

  /// Control characters escaped, so that no file name can drive a terminal.
  private static func printable(_ text: String) -> String {
    String(
      text.unicodeScalars.flatMap { scalar -> [Character] in
        scalar.value < 0x20 || scalar.value == 0x7F
          ? Array("\\u{\(String(scalar.value, radix: 16))}") : [Character(scalar)]
      })
  }

  /// Six significant digits; what is no number is null.
  static func number(_ value: Double) -> String {
    value.isFinite ? String(format: "%.6g", value) : "null"
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
