import Files
import Foundation

/// A record as one JSON object (CONTRACT, "Records").
///
/// Apart from `Record`'s own `Codable`, which keeps every digit.
struct JSONRecord: Encodable {
  let record: Record

  enum CodingKeys: String, CodingKey {
    case path, status, error, evaluations, statistic, score, outlier, reason, profile, warning, known,
      content, accepted
    case width, height, format, troubles, named, nearest
    case copyOf = "copy_of"
    case relativeTo = "relative_to"
    case pathBytes = "path_bytes"
    case bitsPerDim = "bits_per_dim"
    case standardError = "standard_error"
    case pValue = "p_value"
    case tailPValue = "tail_p_value"
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(record.path, forKey: .path)
    try fields.encodeIfPresent(record.file.base64, forKey: .pathBytes)
    try fields.encode(record.status, forKey: .status)
    try fields.encodeIfPresent(record.content, forKey: .content)
    if let error = record.error {
      try fields.encode(error, forKey: .error)
      return
    }
    try fields.encodeIfPresent(record.bitsPerDim.map(JSONFigure.init), forKey: .bitsPerDim)
    // Always there: null says that one replicate gave no error, not that it was left out.
    try fields.encode(record.standardError.map(JSONFigure.init), forKey: .standardError)
    try fields.encodeIfPresent(record.evaluations, forKey: .evaluations)
    try fields.encodeIfPresent(record.statistic, forKey: .statistic)
    try fields.encodeIfPresent(record.score.map(JSONFigure.init), forKey: .score)
    try fields.encodeIfPresent(record.pValue.map(JSONFigure.init), forKey: .pValue)
    try fields.encodeIfPresent(record.tailPValue.map(JSONFigure.init), forKey: .tailPValue)
    try fields.encodeIfPresent(record.outlier, forKey: .outlier)
    try fields.encodeIfPresent(record.reason, forKey: .reason)
    try fields.encodeIfPresent(record.profile?.map(JSONLevel.init), forKey: .profile)
    try fields.encodeIfPresent(record.accepted, forKey: .accepted)
    try fields.encodeIfPresent(record.warning, forKey: .warning)
    try fields.encodeIfPresent(record.known, forKey: .known)
    try fields.encodeIfPresent(record.width, forKey: .width)
    try fields.encodeIfPresent(record.height, forKey: .height)
    try fields.encodeIfPresent(record.format, forKey: .format)
    try fields.encodeIfPresent(
      record.troubles.map { troubles in
        Dictionary(troubles.map { ($0.name, JSONFigure($0.pValue)) }) { first, _ in first }
      }, forKey: .troubles)
    try fields.encodeIfPresent(record.named, forKey: .named)
    try fields.encodeIfPresent(record.copyOf.map { "\($0)" }, forKey: .copyOf)
    try fields.encodeIfPresent(record.nearest.map { "\($0)" }, forKey: .nearest)
    try fields.encodeIfPresent(record.relativeTo, forKey: .relativeTo)
  }
}

extension FilePath {
  /// The bytes in Base64 where they are no text, nil where `description` is all of them.
  var base64: String? { isText ? nil : Data(bytes).base64EncodedString() }
}

/// One noise level of a record's profile.
struct JSONLevel: Encodable {
  let sigma: JSONFigure
  let bitsPerDim: JSONFigure
  let z: JSONFigure

  init(_ level: Record.Level) {
    sigma = JSONFigure(level.sigma)
    bitsPerDim = JSONFigure(level.bitsPerDim)
    z = JSONFigure(level.z)
  }

  enum CodingKeys: String, CodingKey {
    case sigma, z
    case bitsPerDim = "bits_per_dim"
  }
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
