import Files
import Foundation
import Testing

@testable import Reports

struct HTMLFormatTests {
  /// The page without its styles and scripts, which are no records' doing.
  private func markup(_ page: String) -> String {
    page.replacing(/<style>[\s\S]*?<\/style>/, with: "").replacing(/<script.*>[\s\S]*?<\/script>/, with: "")
  }

  /// The rows of ordinary images, as the page's script takes them.
  private func ordinary(_ page: String) throws -> [[Any?]] {
    let text = try #require(page.firstMatch(of: /id="rows">([\s\S]*?)<\/script>/)?.1)
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(object?["rows"] as? [[Any]]).map { row in row.map { $0 is NSNull ? nil : $0 } }
  }

  @Test("Every record stands on the page once, and no name is taken for markup")
  func records() throws {
    let records = try RandomRecords.make(300, seed: 6)
    let page = markup(HTMLFormat().whole(records))
    #expect(unbalanced(page, void: ["meta", "link", "img", "input"]) == [])
    let rows = try ordinary(HTMLFormat().whole(records))
    #expect(page.matches(of: /data-path="/).count + rows.count == records.count)
    // The page's own elements, and no more.
    let names = Set(page.matches(of: /<([a-z][a-z0-9]*)/).map { String($0.1) })
    #expect(
      names.isSubset(of: [
        "html", "head", "meta", "link", "title", "body", "header", "main", "section", "h1", "h2", "h3", "p",
        "form", "label", "input", "select", "option", "button", "span", "kbd", "code", "noscript", "ol", "ul",
        "li", "div", "figure", "figcaption", "img", "svg", "line", "rect", "text", "b", "bdi", "table",
        "thead", "tbody", "tr", "th", "td",
      ]), "\(names)")
    for record in records {
      if record.error == nil, record.outlier != true {
        try #require(rows.contains { ($0[9] ?? $0[0]) as? String == record.path.printable }, "\(record.path)")
        continue
      }
      var words = [record.path.printable]
      if let error = record.error { words.append(error.printable) }
      if record.outlier == true, let reason = record.reason {
        words += reason.components(separatedBy: "; ").map(\.printable)
      }
      for word in words {
        let isThere = same(page, word)
        try #require(isThere, "\(word)")
      }
    }
  }

  /// Whether text stands on the page, escaped.
  private func same(_ page: String, _ text: String) -> Bool {
    let escaped = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#39;")]
      .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    return page.unicodeScalars.contains(escaped.unicodeScalars)
  }

  @Test("The page asks nothing of a network and holds its script whole")
  func selfContained() throws {
    let page = HTMLFormat().whole(try RandomRecords.make(40, seed: 7))
    #expect(page.contains("default-src 'none'"))
    #expect(markup(page).matches(of: /(?:src|href)="(?!data:)/).isEmpty)
    // What ends a script would end ours.
    let script = String(decoding: PackageResources.report_js, as: UTF8.self)
    #expect(page.contains(script) && !script.contains("</"))
  }

  @Test("A bar a level: up above the references' mean, down below, cut at 8 standard deviations")
  func bars() throws {
    var record = try Record.scored("a.png")
    record.outlier = true
    record.profile = [1, -2, 100].map { Record.Level(sigma: 1, bitsPerDim: 0, z: $0) }
    let bars = HTMLFormat().whole([record]).matches(of: /y="([0-9.]+)" width="10" height="([0-9.]+)"/).map {
      [Double($0.1) ?? -1, Double($0.2) ?? -1]
    }
    // 2 pixels a standard deviation, from the middle at 17.
    #expect(bars == [[15, 2], [17, 4], [1, 16]])
  }

  @Test("Of many images all flagged are there and an even sample of the others, and it says how many are not")
  func many() throws {
    let count = HTMLFormat.mostRows + 5000
    let records = (0..<count).map { index in
      var record = Record(file: FilePath("folder/\(index).png"))
      (record.score, record.pValue) = (Double(count - index), Double(index + 1) / Double(count))
      record.outlier = index < 50
      return record
    }
    let page = HTMLFormat().whole(records)
    let shown = page.matches(of: /data-path="folder\/([0-9]+).png"/).compactMap { Int($0.1) }
    #expect(shown == Array(0..<50))
    let others = try ordinary(page).map { row in
      try #require(Int("\(row[0] ?? "")".filter(\.isNumber))) - 50
    }
    #expect(abs(others.count - HTMLFormat.sample) <= 1)
    let gaps = Set(zip(others, others.dropFirst()).map { $1 - $0 })
    let even = Double(count - 50) / Double(HTMLFormat.sample)
    #expect(gaps.allSatisfy { abs(Double($0) - even) < 1 }, "\(gaps)")
    #expect(page.contains("are on this page"))
  }

  @Test("The folder of all images is said once")
  func stem() {
    func stem(_ paths: String...) -> PageStem { PageStem(of: paths.map { FilePath($0) }) }
    #expect(stem("a/b/c.png", "a/b/d/e.png").shown == "a/b/")
    #expect(stem("a/bc/x.png", "a/bd/x.png").shown == "a/")
    #expect(stem("/x.png", "/y/z.png").shown == "/" && stem("x.png", "y/z.png").shown == "")
    #expect(stem().shown == "" && stem("a/b.png").rest(of: FilePath("a/b.png")) == "b.png")
    #expect(stem("a/b.png").rest(of: FilePath("c/d.png")) == "c/d.png")
  }

  @Test("A page of an interrupted run says so, and no other does")
  func incomplete() {
    for isComplete in [true, false] {
      var form = HTMLFormat()
      let head = form.begin(ReportTotals(scored: 0, outliers: 0, unreadable: 0, isComplete: isComplete))
      #expect((head + form.end).contains("Incomplete:") == !isComplete)
    }
  }

  @Test("Bins of a histogram hold every number once, what is none or outside at its ends")
  func histogram() {
    let values = [0, 0.24, 0.25, 0.5, 1, -3, 7, .infinity, .nan].map { (value: $0, isFlagged: $0 > 0.9) }
    let histogram = Histogram(values, caption: "", from: 0, to: 1, bins: 4)
    #expect(histogram.counts.map(\.all) == [3, 1, 1, 4])
    #expect(histogram.counts.map(\.flagged) == [0, 0, 0, 3])
  }

  @Test("Copies are listed by what they show, with the first of them")
  func copies() throws {
    var records = try ["a", "b", "c", "d"].map { try Record.scored("\($0).png") }
    records[1].copyOf = records[0].file
    records[3].copyOf = records[0].file
    var copies = PageCopies(most: 10)
    for record in records { copies.take(record) }
    #expect(copies.seen == 1)
    #expect(copies.groups.map(\.paths) == [["a.png", "b.png", "d.png"].map { FilePath($0) }])
  }
}
