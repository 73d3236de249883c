import Files
import Foundation

/// A line of a part in JSON Lines: of its run, or of an image.
struct PartLine: Decodable {
  let run: PartFacts?
  /// Nil for the line about the run.
  let record: Record?

  /// Nil for what is no such line.
  init?(_ json: Data) {
    guard let line = try? JSONDecoder().decode(PartLine.self, from: json) else { return nil }
    self = line
  }

  private enum Key: String, CodingKey {
    case run, path, error, evaluations, statistic, score, reason, profile, width, height, format, warning,
      known, content, part, tiles
    case pathBytes = "path_bytes"
    case bitsPerDim = "bits_per_dim"
    case standardError = "standard_error"
    case pValue = "p_value"
    case tailPValue = "tail_p_value"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    run = try fields.decodeIfPresent(PartFacts.self, forKey: .run)
    guard run == nil else {
      record = nil
      return
    }
    let file = FilePath(
      text: try fields.decode(String.self, forKey: .path),
      base64: try fields.decodeIfPresent(String.self, forKey: .pathBytes))
    var record =
      try fields.decodeIfPresent(String.self, forKey: .error).map { Record(file: file, error: $0) }
      ?? Record(file: file)
    record.bitsPerDim = try fields.number(.bitsPerDim)
    record.standardError = try fields.decodeIfPresent(Double.self, forKey: .standardError)
    record.evaluations = try fields.decodeIfPresent(Int.self, forKey: .evaluations)
    record.statistic = try fields.decodeIfPresent(String.self, forKey: .statistic)
    record.score = try fields.number(.score)
    record.pValue = try fields.number(.pValue)
    record.tailPValue = try fields.number(.tailPValue)
    record.reason = try fields.decodeIfPresent(String.self, forKey: .reason)
    record.profile = try fields.decodeIfPresent([PartLevel].self, forKey: .profile)?.map(\.level)
    record.width = try fields.decodeIfPresent(Int.self, forKey: .width)
    record.height = try fields.decodeIfPresent(Int.self, forKey: .height)
    record.format = try fields.decodeIfPresent(String.self, forKey: .format)
    record.warning = try fields.decodeIfPresent(String.self, forKey: .warning)
    record.known = try fields.decodeIfPresent(String.self, forKey: .known)
    record.content = try fields.decodeIfPresent(String.self, forKey: .content)
    record.tiles = try fields.decodeIfPresent(Int.self, forKey: .tiles)
    try fields.decodeIfPresent(PartField.self, forKey: .part)?.fill(&record)
    self.record = record
  }
}

extension FilePath {
  /// - Parameter base64: all its bytes, where the text is not all of them.
  init(text: String, base64: String?) {
    self = base64.flatMap { Data(base64Encoded: $0) }.map { FilePath(bytes: $0) } ?? FilePath(text)
  }
}

extension KeyedDecodingContainer {
  /// What is null is no number; nil where there is nothing.
  fileprivate func number(_ key: Key) throws -> Double? {
    guard contains(key) else { return nil }
    return try decodeNil(forKey: key) ? .nan : try decode(Double.self, forKey: key)
  }
}

/// One noise level as `JSONLevel` writes it.
struct PartLevel: Decodable {
  let level: Record.Level

  private enum Key: String, CodingKey {
    case sigma, z
    case bitsPerDim = "bits_per_dim"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    level = Record.Level(
      sigma: try fields.number(.sigma) ?? .nan, bitsPerDim: try fields.number(.bitsPerDim) ?? .nan,
      z: try fields.number(.z) ?? .nan)
  }
}

/// The field `part`, as `Part.json` writes it.
struct PartField: Decodable {
  private let part: Part
  private let troubles: [Record.Trouble]?

  private enum Key: CodingKey { case identity, order, place, troubles }
  private enum TroubleKey: String, CodingKey {
    case name, named, reason
    case pValue = "p_value"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    var order: Part.Order?
    if fields.contains(.order) {
      var values = try fields.nestedUnkeyedContainer(forKey: .order)
      let stage = try values.decode(Int.self)
      guard let score = Double(try values.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(in: values, debugDescription: "no number")
      }
      order = Part.Order(stage: stage, score: score)
    }
    part = Part(
      place: try fields.decode(Int.self, forKey: .place),
      identity: try fields.decodeIfPresent(String.self, forKey: .identity), order: order)
    guard fields.contains(.troubles) else {
      troubles = nil
      return
    }
    var each = try fields.nestedUnkeyedContainer(forKey: .troubles)
    var found: [Record.Trouble] = []
    while !each.isAtEnd {
      let trouble = try each.nestedContainer(keyedBy: TroubleKey.self)
      found.append(
        Record.Trouble(
          name: try trouble.decode(String.self, forKey: .name), pValue: try trouble.number(.pValue) ?? .nan,
          reason: try trouble.decode(String.self, forKey: .reason),
          isNamed: try trouble.decode(Bool.self, forKey: .named)))
    }
    troubles = found
  }

  func fill(_ record: inout Record) {
    record.part = part
    record.troubles = troubles
  }
}

/// The columns of a part in CSV.
struct PartColumns {
  /// By name.
  private let places: [String: Int]

  /// - Parameter names: the first row.
  init?(_ names: [String]) {
    guard names.contains("path"), names.contains("part") else { return nil }
    places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What the row about the run says; nil for another.
  func run(_ row: [String]) -> PartFacts? {
    guard cell("status", row) == JSONLinesFormat.runStatus else { return nil }
    return decode(PartFacts.self, cell("part", row))
  }

  /// Nil for what is no row of an image.
  func record(_ row: [String]) -> Record? {
    guard row.count == places.count else { return nil }
    let file = FilePath(text: cell("path", row) ?? "", base64: cell("path_bytes", row))
    let isScored = cell("status", row) == "scored"
    var record = isScored ? Record(file: file) : Record(file: file, error: cell("error", row) ?? "")
    decode(PartField.self, cell("part", row))?.fill(&record)
    record.content = cell("content", row)
    guard isScored else { return record }
    record.bitsPerDim = number("bits_per_dim", row)
    // Null says that there is none.
    record.standardError = number("standard_error", row).flatMap { $0.isNaN ? nil : $0 }
    record.evaluations = cell("evaluations", row).flatMap { Int($0) }
    record.statistic = cell("statistic", row) ?? ""
    record.score = number("score", row)
    record.pValue = number("p_value", row)
    record.tailPValue = number("tail_p_value", row)
    record.reason = cell("reason", row) ?? ""
    record.profile = cell("profile", row).flatMap { decode([PartLevel].self, $0) }?.map(\.level)
    record.width = cell("width", row).flatMap { Int($0) }
    record.height = cell("height", row).flatMap { Int($0) }
    record.format = cell("format", row)
    record.warning = cell("warning", row)
    record.known = cell("known", row)
    record.tiles = cell("tiles", row).flatMap { Int($0) }
    return record
  }

  /// Nil for an empty cell, or none.
  private func cell(_ name: String, _ row: [String]) -> String? {
    guard let place = places[name], row.indices.contains(place), !row[place].isEmpty else { return nil }
    return row[place]
  }

  private func number(_ name: String, _ row: [String]) -> Double? {
    cell(name, row).map { Double($0) ?? .nan }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ json: String?) -> Value? {
    json.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}
