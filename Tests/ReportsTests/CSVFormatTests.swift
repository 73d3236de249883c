import Foundation
import Testing

@testable import Reports

struct CSVFormatTests {
  /// Records of cells by RFC 4180, lines ending in LF or CR LF; nil where quotes are out of place.
  private func read(_ text: String) -> [[String]]? {
    var rows: [[String]] = []
    var row: [String] = []
    var cell = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    var isQuoted = false
    func closeCell() {
      row.append(String(cell))
      cell = .init()
    }
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"" where isQuoted:
        if rest.first == "\"" {
          cell.append(rest.removeFirst())
        } else {
          isQuoted = false
          guard let next = rest.first, ",\r\n".unicodeScalars.contains(next) else { return nil }
        }
      case _ where isQuoted: cell.append(scalar)
      case "\"":
        guard cell.isEmpty else { return nil }
        isQuoted = true
      case ",": closeCell()
      case "\r" where rest.first == "\n": break
      case "\n":
        closeCell()
        rows.append(row)
        row = []
      default: cell.append(scalar)
      }
    }
    return isQuoted || !row.isEmpty || !cell.isEmpty ? nil : rows
  }

  @Test("RFC 4180 reads back the fields of every record, under the contract's names")
  func readsBack() throws {
    let records = try RandomRecords.make(400, seed: 5)
    let rows = try #require(read(CSVFormat().whole(records)))
    try #require(rows.count == records.count + 1)
    let columns = rows[0]
    #expect(Set(columns).count == columns.count)
    for (row, record) in zip(rows.dropFirst(), records) {
      try #require(row.count == columns.count, "\(row)")
      let cells = Dictionary(uniqueKeysWithValues: zip(columns, row))
      let texts = [
        "path": record.path, "status": record.error == nil ? "scored" : "unreadable",
        "error": record.error, "statistic": record.statistic, "reason": record.reason,
        "warning": record.warning, "outlier": record.outlier.map { "\($0)" },
        "evaluations": record.evaluations.map { "\($0)" }, "width": record.width.map { "\($0)" },
        "height": record.height.map { "\($0)" }, "format": record.format,
        "path_bytes": record.path.utf8.elementsEqual(record.file.bytes)
          ? nil : Data(record.file.bytes).base64EncodedString(),
      ]
      for (name, text) in texts {
        try #require(cells[name].map { Array($0.utf8) } == Array((text ?? "").utf8), "\(name) of \(row)")
      }
      let numbers = [
        "bits_per_dim": record.bitsPerDim, "standard_error": record.standardError, "score": record.score,
        "p_value": record.pValue, "tail_p_value": record.tailPValue,
      ]
      for (name, number) in numbers {
        switch number {
        case nil: try #require(cells[name] == "", "\(name) of \(row)")
        case let number? where number.isFinite:
          let found = try #require(cells[name].flatMap(Double.init), "\(name) of \(row)")
          try #require(abs(found - number) <= 5.000_001e-6 * abs(number), "\(name) of \(row)")
        default: try #require(cells[name] == "null", "\(name) of \(row)")
        }
      }
      if let profile = record.profile {
        let levels = try JSONSerialization.jsonObject(with: Data((cells["profile"] ?? "").utf8)) as? [Any]
        try #require(levels?.count == profile.count, "\(row)")
      } else {
        try #require(cells["profile"] == "", "\(row)")
      }
    }
  }
}
