import Testing

@testable import Reports

struct MarkdownFormatTests {
  private static func outliers(_ count: Int) throws -> [Record] {
    try (0..<count).map { index in
      var record = try Record.scored("odd/\(index).png")
      record.outlier = true
      record.pValue = 0.001
      record.reason = "dark: highlights 12"
      return record
    }
  }

  private static func markdown(
    _ records: [Record], _ decision: ReportDecision? = nil, steps: [ReportFacts.Step] = []
  ) -> String {
    var writer = RecordWriter(.markdown)
    writer.facts.steps = steps
    let begun = writer.begin(
      ReportTotals(
        scored: records.count { $0.error == nil }, outliers: records.count { $0.outlier == true },
        unreadable: records.count { $0.error != nil }, accepted: records.count { $0.accepted == true },
        decision: decision))
    return begun + records.map { writer.line($0) }.joined() + writer.end
  }

  @Test("The verdict comes first, then what to do, then what is odd")
  func order() throws {
    let text = Self.markdown(
      try Self.outliers(2), ReportDecision(.failed, reason: "2 new outliers of 2 images, more than 1"),
      steps: [ReportFacts.Step("surprisal scan a --format html", "look at them")])
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines[0] == "### ❌ gate failed&#58; 2 new outliers of 2 images, more than 1")
    #expect(lines[1] == "2 images scored, 2 outliers, 0 unreadable.")
    #expect(lines[2] == "- look at them: <code>surprisal scan a --format html</code>")
    #expect(lines[3] == "| image | p-value | why |" && lines[4] == "| --- | --- | --- |")
    #expect(lines[5] == "| <code>odd/0.png</code> | 0.0010 | dark&#58; highlights 12 |")
    #expect(lines.count == 7)
    #expect(Self.markdown(try Self.outliers(2)).hasPrefix("### 2 of 2 images do not belong\n"))
  }

  @Test("Fifty of each kind are shown, and the rest are counted")
  func capped() throws {
    let unreadable = (0..<60).map { Record(path: "bad/\($0).png", error: "PNG: cut") }
    let text = Self.markdown(try Self.outliers(1234) + unreadable)
    #expect(text.split(separator: "\n").count { $0.hasPrefix("| <code>odd/") } == 50)
    #expect(text.split(separator: "\n").count { $0.hasPrefix("| <code>bad/") } == 50)
    #expect(
      text.contains("\nand 1184 more outliers.\n") && text.contains("\nand 10 more unreadable files.\n"))
  }

  @Test(
    "No name is markup, whatever it holds: cells stay cells, and nothing but letters and numbers is left of it"
  )
  func hostile() throws {
    for record in try RandomRecords.make(400, seed: 11) {
      var record = record
      if record.error == nil { record.outlier = true }
      let lines = Self.markdown([record]).split(separator: "\n", omittingEmptySubsequences: false)
      let row = try #require(lines.first { $0.hasPrefix("| <code>") }, "\(record)")
      let isScored = record.error == nil
      try #require(row.count { $0 == "|" } == (isScored ? 4 : 3), "\(row)")
      let text = row.dropFirst(2).replacing(/<code>|<\/code>|<!-- -->|&#[0-9]+;/, with: "")
      try #require(!text.contains { "<>&`*_[]!~\\#@\"'{}".contains($0) }, "\(row)")
      try #require(!text.lowercased().contains("www."), "\(row)")
      // Nothing that ends lines, drives terminals or turns text.
      let odd = row.unicodeScalars.filter {
        $0.properties.generalCategory == .control || (0x202A...0x202E).contains($0.value)
          || (0x2066...0x2069).contains($0.value) || $0.value == 0x2028
      }
      try #require(odd.isEmpty, "\(row.debugDescription)")
    }
    #expect("@me www.x.y | 1".markdownEscaped == "&#64;<!-- -->me www&#46;x.y &#124; 1")
    #expect("- a".markdownEscaped == "&#45; a" && "1. b".markdownEscaped == "&#49;. b")
  }

  @Test("What was accepted says so")
  func accepted() throws {
    var records = try Self.outliers(2)
    records[0].accepted = true
    let text = Self.markdown(records, ReportDecision(.passed, reason: "fine"))
    #expect(text.hasPrefix("### ✅ gate passed&#58; fine\n\n2 images scored, 2 outliers (1 accepted before)"))
    #expect(text.contains("odd/0.png</code> | 0.0010 | dark&#58; highlights 12 *(accepted)* |\n"))
    #expect(text.contains("odd/1.png</code> | 0.0010 | dark&#58; highlights 12 |\n"))
  }
}
