import Testing

@testable import Reports

struct HTMLFormatTests {
  @Test("Every record is a row, and no name is taken for markup")
  func rows() throws {
    let records = try RandomRecords.make(300, seed: 6)
    let page = HTMLFormat().whole(records)
    #expect(unbalanced(page, void: ["br", "meta"]) == [])
    let body = try #require(page.split(separator: "<tbody>").last)
    #expect(body.split(separator: "<tr").count - 1 == records.count)
    // The page's own elements, and no more.
    let names = Set(page.matches(of: /<([a-z][a-z0-9]*)/).map { String($0.1) })
    #expect(
      names.isSubset(of: [
        "html", "head", "meta", "title", "style", "body", "h1", "p", "table", "thead", "tbody", "tr", "th",
        "td",
        "br", "small", "svg", "rect",
      ]), "\(names)")
    for record in records {
      let row = HTMLFormat().line(record)
      try #require(row.contains(record.path.markupEscaped), "\(row)")
      if record.error == nil, let format = record.format {
        try #require(row.contains("<td>\(record.width!)x\(record.height!)</td><td>\(format)</td>"), "\(row)")
      }
      if let error = record.error { try #require(row.contains(error.markupEscaped), "\(row)") }
      if let warning = record.warning { try #require(row.contains(warning.markupEscaped), "\(row)") }
      if record.outlier == true, let reason = record.reason {
        try #require(row.contains(reason.markupEscaped), "\(row)")
      }
    }
  }

  @Test("A bar a level: up above the references' mean, down below, cut at 8 standard deviations")
  func bars() throws {
    var record = try Record.scored("a.png")
    record.profile = [1, -2, 100].map { Record.Level(sigma: 1, bitsPerDim: 0, z: $0) }
    let bars = HTMLFormat().line(record).matches(of: /y="([0-9.]+)" width="5" height="([0-9.]+)"/).map {
      [Double($0.1) ?? -1, Double($0.2) ?? -1]
    }
    // 2 pixels a standard deviation, from the middle at 16.
    #expect(bars == [[14, 2], [16, 4], [0, 16]])
  }
}
