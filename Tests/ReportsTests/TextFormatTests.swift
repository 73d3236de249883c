import Testing

@testable import Reports

struct TextFormatTests {
  @Test("A line an image, and no character of a name that drives a terminal")
  func lines() throws {
    let records = try RandomRecords.make(400, seed: 3)
    let form = TextFormat(isColoured: false)
    for record in records {
      // A reason is our own words.
      var record = record
      record.reason = record.reason.map { _ in "why" }
      let line = form.line(record)
      let lines = line.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
      try #require(
        line.hasSuffix("\n") && lines[0].contains(record.path.printable), "\(record.path.debugDescription)")
      let below = (record.outlier == true ? 1 : 0) + (record.warning == nil ? 0 : 1)
      try #require(
        lines.count == 1 + below && lines.dropFirst().allSatisfy { $0.hasPrefix("   ") }, "\(lines)")
      let driving = line.unicodeScalars.filter { $0 != "\n" && drives($0) }
      try #require(
        driving.isEmpty, "\(driving.map { String($0.value, radix: 16) }) in \(line.debugDescription)")
    }
  }

  /// C0 and C1 control characters (ECMA-48), and what reorders the text around it (UAX 9).
  private func drives(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
      || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
  }

  @Test("Colour marks outliers alone, and only where it may")
  func colour() throws {
    var outlier = try Record.scored("a.png")
    outlier.outlier = true
    var other = outlier
    other.outlier = false
    let (plain, coloured) = (TextFormat(isColoured: false), TextFormat(isColoured: true))
    #expect(coloured.line(outlier).contains("\u{1B}["))
    #expect(!coloured.line(other).contains("\u{1B}[") && !plain.line(outlier).contains("\u{1B}["))
    let stripped = coloured.line(outlier).replacing(/\u{1B}\[\d*m/, with: "")
    #expect(stripped == plain.line(outlier))
  }

  @Test("Numbers stand under their headings")
  func columns() throws {
    var record = try Record.scored("a.png")
    record.pValue = 0.25
    record.score = 3.5
    record.bitsPerDim = 2.125
    record.standardError = 0.006
    record.width = 640
    record.height = 480
    record.format = "PNG"
    var format = TextFormat(isColoured: false)
    let line = format.line(record)
    let words = line.split(separator: " ").map(String.init)
    #expect(words == ["ok", "0.2500", "3.50", "2.125", "0.006", "640x480", "PNG", "a.png\n"])
    let heading = format.begin(ReportTotals(scored: 1, outliers: 0, unreadable: 0))
    // To the right under their headings, the last two to the left.
    func end(_ text: String, _ word: String) -> Int? {
      text.range(of: word).map { text.distance(from: text.startIndex, to: $0.upperBound) }
    }
    for (name, value) in [
      ("p-value", "0.2500"), ("score", "3.50"), ("bits/dim", "2.125"), ("+-", "0.006"),
      ("size", "640x480"),
    ] {
      #expect(end(heading, name) == end(line, value), "\(name)")
    }
    func start(_ text: String, _ word: String) -> Int? { end(text, word).map { $0 - word.count } }
    #expect(start(heading, "format") == start(line, "PNG") && start(heading, "path") == start(line, "a.png"))
  }
}
