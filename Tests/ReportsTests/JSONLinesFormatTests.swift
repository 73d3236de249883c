import Foundation
import Tensors
import Testing

@testable import Reports

struct JSONLinesFormatTests {
  @Test(
    "Every line parses back to its record: the same words, numbers to six digits, null for what is no number")
  func parsesBack() throws {
    let records = try RandomRecords.make(400, seed: 4)
    let lines = JSONLinesFormat().whole(records).split(separator: "\n")
    try #require(lines.count == records.count)
    for (line, record) in zip(lines, records) {
      let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      var expected: [String: Any?] = ["path": record.path]
      // Beside the path where that is no text, all of its bytes.
      if record.path.utf8.elementsEqual(record.file.bytes) {
        try #require(fields["path_bytes"] == nil, "\(line)")
      } else {
        let bytes = (fields["path_bytes"] as? String).flatMap { Data(base64Encoded: $0) }
        try #require(bytes.map { Array($0) } == record.file.bytes, "\(line)")
        expected["path_bytes"] = fields["path_bytes"] as? String
      }
      if let error = record.error {
        expected["status"] = "unreadable"
        expected["error"] = error
      } else {
        expected["status"] = "scored"
        // Null, not missing, where there is none.
        expected["standard_error"] = .some(record.standardError)
        expected["bits_per_dim"] = record.bitsPerDim
        expected["evaluations"] = record.evaluations.map(Double.init)
        expected["statistic"] = record.statistic
        expected["score"] = record.score
        expected["p_value"] = record.pValue
        expected["tail_p_value"] = record.tailPValue
        expected["outlier"] = record.outlier
        expected["reason"] = record.reason
        expected["warning"] = record.warning
        expected["width"] = record.width.map(Double.init)
        expected["height"] = record.height.map(Double.init)
        expected["format"] = record.format
        expected["profile"] = record.profile
      }
      try #require(Set(fields.keys) == Set(expected.keys), "\(line)")
      for (key, value) in expected { try #require(isSame(fields[key], value), "\(key) of \(line)") }
    }
  }

  private func isSame(_ found: Any?, _ expected: Any?) -> Bool {
    switch expected {
    case let text as String: return (found as? String).map { Array($0.utf8) } == Array(text.utf8)
    case let flag as Bool: return found as? Bool == flag
    case let levels as [Record.Level]:
      guard let found = found as? [[String: Any]], found.count == levels.count else { return false }
      return zip(found, levels).allSatisfy { found, level in
        found.count == 3 && isSame(found["sigma"], level.sigma)
          && isSame(found["bits_per_dim"], level.bitsPerDim)
          && isSame(found["z"], level.z)
      }
    case let number as Double where number.isFinite:
      // Rounding moves the sixth digit by at most one half: 5e-6 of a number that begins with 1.
      return (found as? Double).map { abs($0 - number) <= 5.000_001e-6 * abs(number) } ?? false
    default: return found is NSNull
    }
  }

  @Test("Keys come in alphabetical order, and strings and numbers are what JSONEncoder makes of them")
  func asJSONEncoder() throws {
    let encoder = JSONEncoder.oneLine()
    var random = RandomSource(seed: 12)
    for scalar in (0..<0x300).compactMap(Unicode.Scalar.init) + RandomRecords.parts.flatMap(\.unicodeScalars)
    {
      let text = "a\(scalar)b/"
      #expect(JSONObject.quoted(text) == encoder.text(text))
    }
    for exponent in -320...308 {
      let value = Double(sign: .plus, exponent: 0, significand: random.uniform()) * pow(10, Double(exponent))
      for number in [value, -value, value.rounded()] {
        #expect(JSONFigure(number).json() == encoder.text(JSONFigure(number)))
      }
    }
    for line in try JSONLinesFormat().whole(RandomRecords.make(300, seed: 8)).split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      let keys = try #require(object).keys.sorted()
      var rest = line[...]
      for key in keys { rest = rest[try #require(rest.range(of: "\"\(key)\":"), "\(line)").upperBound...] }
    }
  }

  @Test("Records keep every digit in their own Codable")
  func everyDigit() throws {
    var record = try Record.scored("a\u{1}\"b\n.png")
    record.bitsPerDim = 0.1 + 0.2
    record.outlier = true
    record.profile = [Record.Level(sigma: 1.0 / 3, bitsPerDim: .leastNonzeroMagnitude, z: -.pi)]
    #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
  }
}
