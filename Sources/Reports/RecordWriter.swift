import Foundation

/// How records are written.
public enum ReportFormat: String, Sendable, CaseIterable {
  case text, jsonl, csv, html, sarif, junit
}

/// Counts that some formats state before their records.
public struct ReportTotals: Sendable {
  public let scored: Int
  public let outliers: Int
  public let unreadable: Int

  public init(scored: Int, outliers: Int, unreadable: Int) {
    self.scored = scored
    self.outliers = outliers
    self.unreadable = unreadable
  }
}

/// Turns records into one format: `begin`, a `line` for each record, `end`.
public struct RecordWriter: Sendable {
  public let format: ReportFormat
  /// Whether text may be coloured.
  public let isColoured: Bool
  private var written = 0

  public init(_ format: ReportFormat, isColoured: Bool = false) {
    self.format = format
    self.isColoured = isColoured
  }

  public func begin(_ totals: ReportTotals) -> String {
    switch format {
    case .jsonl: ""
    case .html: HTMLReport.begin(totals)
    case .sarif: SARIFReport.begin
    case .junit: JUnitReport.begin(totals)
    case .csv:
      "path,status,bits_per_dim,standard_error,evaluations,statistic,score,p_value,outlier,reason,profile,error,warning,tail_p_value\n"
    case .text: "verdict      p-value    score  bits/dim      +-  path\n"
    }
  }

  /// What a record adds; empty where the format leaves it out (SARIF lists only what is wrong).
  public mutating func line(_ record: Record) -> String {
    switch format {
    case .jsonl: return json(record) + "\n"
    case .csv: return csv(record) + "\n"
    case .text: return text(record) + "\n"
    case .html: return HTMLReport.row(record)
    case .junit: return JUnitReport.testCase(record)
    case .sarif:
      guard let result = SARIFReport.result(record) else { return "" }
      written += 1
      return (written > 1 ? ",\n" : "") + result
    }
  }

  public var end: String {
    switch format {
    case .text, .jsonl, .csv: ""
    case .html: HTMLReport.end
    case .sarif: SARIFReport.end
    case .junit: JUnitReport.end
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
    add("tail_p_value", record.tailPValue.map { Self.number($0) })
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
      number(record.tailPValue),
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
    let word = (record.outlier == true ? "OUTLIER" : "ok").padding(toLength: 10, withPad: " ", startingAt: 0)
    let verdict = isColoured && record.outlier == true ? "\u{1B}[31m\(word)\u{1B}[0m" : word
    let numbers = String(
      format: "%@ %9.4f %8.2f %9.3f %7@  ", verdict as NSString,
      record.pValue ?? 1, record.score ?? 0, record.bitsPerDim ?? 0,
      (record.standardError.map { String(format: "%.3f", $0) } ?? "-") as NSString)
    let tail =
      record.tailPValue.map { String(format: " (beyond all references; tail fit: p %.1g)", $0) } ?? ""
    let why = record.outlier == true ? "\n             \(record.reason ?? "")\(tail)" : ""
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

  /// A JSON string.
  public static func quoted(_ text: String) -> String {
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
