import Files
import Foundation

/// A record as one JSON object (CONTRACT, "Records").
///
/// Apart from `Record`'s own `Codable`, which keeps every digit.
struct JSONRecord {
  let record: Record

  var text: String {
    var fields = JSONObject(record.digits)
    if let error = record.error {
      fields.add("content", record.content)
      fields.add("error", error)
      addPart(&fields)
      addPath(&fields)
      fields.add("status", record.status)
    } else {
      addScored(&fields)
    }
    return fields.text
  }

  private func addPath(_ fields: inout JSONObject) {
    fields.add("path", record.path)
    fields.add("path_bytes", record.file.base64)
  }

  private func addPart(_ fields: inout JSONObject) {
    if let part = record.part { fields.add("part", json: part.json(record)) }
  }

  private func addScored(_ fields: inout JSONObject) {
    fields.add("accepted", record.accepted)
    fields.add("bits_per_dim", record.bitsPerDim)
    fields.add("content", record.content)
    fields.add("copy_of", record.copyOf.map { "\($0)" })
    fields.add("evaluations", record.evaluations)
    fields.add("format", record.format)
    fields.add("height", record.height)
    fields.add("known", record.known)
    fields.add("named", array: record.named.map { $0.map(JSONObject.quoted) })
    fields.add("nearest", record.nearest.map { "\($0)" })
    fields.add("outlier", record.outlier)
    fields.add("p_value", record.pValue)
    addPart(&fields)
    addPath(&fields)
    fields.add("profile", array: record.profile.map { $0.map { JSONLevel($0, record.digits).text } })
    fields.add("reason", record.reason)
    fields.add("relative_to", record.relativeTo)
    fields.add("score", record.score)
    // Always there: null says that one replicate gave no error, not that it was left out.
    fields.add("standard_error", record.standardError ?? .nan)
    fields.add("statistic", record.statistic)
    fields.add("status", record.status)
    fields.add("tail_p_value", record.tailPValue)
    fields.add("tiles", record.tiles)
    if let troubles = record.troubles {
      var each = JSONObject(record.digits)
      for trouble in troubles.sorted(by: { $0.name < $1.name }) { each.add(trouble.name, trouble.pValue) }
      fields.add("troubles", json: each.text)
    }
    fields.add("warning", record.warning)
    fields.add("width", record.width)
  }
}

extension FilePath {
  /// The bytes in Base64 where they are no text, nil where `description` is all of them.
  var base64: String? { isText ? nil : Data(bytes).base64EncodedString() }
}

/// One noise level of a record's profile.
struct JSONLevel {
  let level: Record.Level
  let digits: Digits

  init(_ level: Record.Level, _ digits: Digits = .six) {
    self.level = level
    self.digits = digits
  }

  var text: String {
    var fields = JSONObject(digits)
    fields.add("bits_per_dim", level.bitsPerDim)
    fields.add("sigma", level.sigma)
    fields.add("z", level.z)
    return fields.text
  }
}

/// How exactly numbers are written.
enum Digits {
  case six
  /// As many as it takes to read the very same number back.
  case all
}

extension Record {
  /// Records that are to be put together keep all.
  var digits: Digits { part == nil ? .six : .all }
}

/// A number of six significant digits; what is no number is null.
struct JSONFigure: Encodable {
  let value: Double

  init(_ value: Double) { self.value = value }

  /// As text, the same digits.
  var text: String {
    guard value.isFinite else { return "null" }
    // As `String(format:)` has it, in a fifth of the time: a record has dozens.
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
      let length = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, "%.6g", $0) }
      return String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// As JSON: the shortest digits that come to the same number.
  func json(_ digits: Digits = .six) -> String {
    guard value.isFinite, let shown = digits == .all ? value : Double(text) else { return "null" }
    let digits = "\(shown)"
    return digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
  }

  func encode(to encoder: any Encoder) throws {
    var field = encoder.singleValueContainer()
    if let rounded = value.isFinite ? Double(text) : nil {
      try field.encode(rounded)
    } else {
      try field.encodeNil()
    }
  }
}

extension JSONEncoder {
  /// One line, keys in a fixed order, so that the same records are the same bytes.
  static func oneLine() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  func text(_ value: some Encodable) -> String {
    // Only a number that JSON cannot hold would throw, and `JSONFigure` lets none through.
    String(decoding: try! encode(value), as: UTF8.self)
  }
}
