import Foundation
import Testing

@testable import Reports

#if canImport(FoundationXML)
  import FoundationXML
#endif

struct JUnitFormatTests {
  /// What an XML parser makes of a report.
  private final class Reader: NSObject, XMLParserDelegate {
    var suite: [String: String] = [:]
    var cases: [(name: String, failure: String?, error: String?)] = []
    /// Of each case, what it printed.
    var printed: [String] = []
    private var isPrinted = false

    func parser(
      _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) {
      switch element {
      case "testsuite": suite = attributes
      case "testcase":
        cases.append((attributes["name"] ?? "", nil, nil))
        printed.append("")
      case "system-out": isPrinted = true
      case "failure": cases[cases.count - 1].failure = attributes["message"]
      case "error": cases[cases.count - 1].error = attributes["message"]
      default: break
      }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      if isPrinted { printed[printed.count - 1] += string }
    }

    func parser(
      _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
    ) {
      isPrinted = false
    }
  }

  @Test("An XML parser reads back a test case for every record, and the counts")
  func parsesBack() throws {
    let records = try RandomRecords.make(300, seed: 8)
    let parser = XMLParser(data: Data(JUnitFormat().whole(records).utf8))
    let reader = Reader()
    parser.delegate = reader
    try #require(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    #expect(reader.suite["tests"] == "\(records.count)")
    #expect(reader.suite["failures"] == "\(reader.cases.count { $0.failure != nil })")
    #expect(reader.suite["errors"] == "\(reader.cases.count { $0.error != nil })")
    try #require(reader.cases.count == records.count)
    for (found, record) in zip(reader.printed, records) {
      let expected = record.format.map { "\(record.width ?? 0)x\(record.height ?? 0) \($0)" } ?? ""
      try #require(found == expected, "\(record.path)")
    }
    for (found, record) in zip(reader.cases, records) {
      try #require(isSame(found.name, record.path), "\(found.name.debugDescription)")
      try #require((found.error != nil) == (record.error != nil))
      try #require((found.failure != nil) == (record.outlier == true))
      if let error = record.error { try #require(isSame(found.error ?? "", error)) }
    }
  }

  /// Equal but for what XML 1.0 has no way to write.
  private func isSame(_ found: String, _ text: String) -> Bool {
    let held = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      let isHeld =
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
      return isHeld ? scalar : "\u{FFFD}"
    }
    return Array(found.unicodeScalars) == held
  }
}
