import Files
import Foundation
import Tensors

@testable import Reports

extension Record {
  /// A record of a scored image, all else not yet known.
  static func scored(_ path: String) throws -> Record {
    try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(["path": path]))
  }
}

/// Records of every kind that formats must hold: fields missing, numbers that are none, names as hostile as a file
/// system takes them.
enum RandomRecords {
  static let parts = [
    "a", "b/c", "photo.jpg", " ", "\"", "'", ",", ";", "\n", "\r", "\r\n", "\t", "\u{1}", "\u{1B}[31m",
    "\u{7F}",
    "\u{9B}2J", "<script>alert(1)</script>", "</td>", "&amp;", "&", "]]>", "-->", "\u{202E}gpj.", "\u{2066}",
    "שלום",
    "\u{FFFE}", "\u{FFFF}", "\u{85}", "\u{2028}", "😀", "e\u{301}", "%41", "%", "#1", "?x=1", "\\", "\\n", ":",
    "=1+1",
    "{}",
  ]

  /// What is no UTF-8: a byte of Latin-1, a cut character, a surrogate, a byte that is in none.
  private static let noText: [[UInt8]] = [[0xF1], [0xC3], [0xED, 0xA0, 0x80], [0xFF]]

  static func make(_ count: Int, seed: UInt64) throws -> [Record] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { index in
      // Each part stands alone once.
      var path = FilePath(index < parts.count ? parts[index] : text(&random))
      if index >= parts.count, Int.random(in: 0..<4, using: &random) == 0 {
        path = FilePath(
          bytes: path.bytes + noText.randomElement(using: &random)! + Array(text(&random).utf8))
      }
      guard Int.random(in: 0..<4, using: &random) > 0 else { return Record(file: path, error: text(&random)) }
      var record = Record(file: path)
      record.bitsPerDim = number(&random)
      record.standardError = number(&random)
      record.evaluations = Bool.random(using: &random) ? Int.random(in: 1...4096, using: &random) : nil
      record.statistic = Bool.random(using: &random) ? "combined" : nil
      record.score = number(&random)
      record.pValue = number(&random)
      record.tailPValue = number(&random)
      record.outlier = [nil, false, true].randomElement(using: &random)!
      record.reason = Bool.random(using: &random) ? text(&random) : nil
      record.warning = Bool.random(using: &random) ? text(&random) : nil
      if Bool.random(using: &random) {
        record.width = Int.random(in: 1...65_500, using: &random)
        record.height = Int.random(in: 1...65_500, using: &random)
        record.format = ["JPEG", "PNG", "JPEG 2000", "IDX"].randomElement(using: &random)!
      }
      let levels = Int.random(in: -1..<4, using: &random)
      if levels >= 0 {
        record.profile = (0..<levels).map { _ in
          Record.Level(
            sigma: number(&random) ?? 0, bitsPerDim: number(&random) ?? 0, z: number(&random) ?? 0)
        }
      }
      return record
    }
  }

  private static func text(_ random: inout RandomSource) -> String {
    (0..<Int.random(in: 1...6, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
  }

  private static func number(_ random: inout RandomSource) -> Double? {
    let plain = (random.uniform() - 0.5) * pow(10, Double(Int.random(in: -8...8, using: &random)))
    let odd: [Double?] = [
      nil, 0, -0.0, 1, 1e300, -1e-300, 123_456_789, 0.999_999_5, .nan, .infinity, -.infinity,
    ]
    return Bool.random(using: &random) ? plain : odd.randomElement(using: &random)!
  }
}

extension RecordFormat {
  /// Everything the format makes of some records.
  func whole(_ records: [Record]) -> String {
    var form = self
    let totals = ReportTotals(
      scored: records.count { $0.error == nil }, outliers: records.count { $0.outlier == true },
      unreadable: records.count { $0.error != nil })
    return form.begin(totals) + records.map { form.line($0) }.joined() + form.end
  }
}

/// Tags of markup that open and close in turn; what is left open or closed amiss.
///
/// - Parameter void: elements that have no end.
func unbalanced(_ markup: String, void: Set<String>) -> [String] {
  var open: [String] = []
  var amiss: [String] = []
  for part in markup.split(separator: "<").dropFirst(markup.hasPrefix("<") ? 0 : 1) {
    let tag = part.prefix { $0 != ">" }
    let name = String(tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber })
    if tag.hasPrefix("/") {
      if open.popLast() != name { amiss.append("</\(name)>") }
    } else if !tag.hasPrefix("!"), !tag.hasPrefix("?"), !tag.hasSuffix("/"), !void.contains(name) {
      open.append(name)
    }
  }
  return amiss + open
}
