import Foundation
import Testing

@testable import Reports

struct SARIFFormatTests {
  private struct Log: Decodable {
    let version: String
    let runs: [Run]
    struct Run: Decodable {
      let tool: Tool
      let results: [Result]
    }
    struct Tool: Decodable { let driver: Driver }
    struct Driver: Decodable { let rules: [Rule] }
    struct Rule: Decodable { let id: String }
    struct Result: Decodable {
      let ruleId: String
      let level: String
      let message: Message
      let locations: [Location]
      let properties: Properties?
    }
    struct Properties: Decodable {
      let width: Int
      let height: Int
      let format: String
    }
    struct Message: Decodable { let text: String }
    struct Location: Decodable { let physicalLocation: PhysicalLocation }
    struct PhysicalLocation: Decodable { let artifactLocation: ArtifactLocation }
    struct ArtifactLocation: Decodable { let uri: String }
  }

  @Test(
    "Valid JSON with one result for each image that is flagged or unreadable, none or many",
    arguments: [0, 1, 300])
  func results(count: Int) throws {
    let records = try RandomRecords.make(count, seed: 7)
    let log = try JSONDecoder().decode(Log.self, from: Data(SARIFFormat().whole(records).utf8))
    #expect(log.version == "2.1.0")
    let run = try #require(log.runs.first)
    let wrong = records.filter { $0.error != nil || $0.outlier == true }
    try #require(run.results.count == wrong.count)
    let rules = Set(run.tool.driver.rules.map(\.id))
    for (result, record) in zip(run.results, wrong) {
      try #require(rules.contains(result.ruleId))
      try #require(result.level == (record.error == nil ? "warning" : "error"))
      try #require(result.message.text.hasSuffix(record.error ?? record.reason ?? ""))
      try #require(result.properties?.format == (record.error == nil ? record.format : nil))
      try #require(result.properties?.width == record.width && result.properties?.height == record.height)
      let uri = try #require(result.locations.first).physicalLocation.artifactLocation.uri
      try #require(Self.bytes(of: uri) == record.file.bytes, "\(uri)")
      // Unreserved, sub-delims, :, @ and / of RFC 3986; a colon in the first part would make a scheme of what stands
      // before it.
      try #require(uri.wholeMatch(of: /(%[0-9A-F]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@\/])+/) != nil, "\(uri)")
      let first = uri.hasPrefix("file://") ? "" : uri.prefix { $0 != "/" }
      try #require(!first.contains(":"), "\(uri)")
    }
  }

  /// What a URI's path stands for (RFC 3986, 2.1).
  private static func bytes(of uri: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(uri.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  @Test("A path from the root is a file URI")
  func absolute() throws {
    let text = SARIFFormat().whole([Record(path: "/a b/c.png", error: "empty file")])
    let log = try JSONDecoder().decode(Log.self, from: Data(text.utf8))
    let uri = log.runs.first?.results.first?.locations.first?.physicalLocation.artifactLocation.uri
    #expect(uri == "file:///a%20b/c.png")
  }
}
