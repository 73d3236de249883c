import Foundation
import Testing

@testable import Surprisal

/// The schema that editors complete policies by, beside what reads them. `make check-formats` holds the examples against the
/// schema itself.
struct PolicySchemaTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  private struct Schema: Decodable {
    let additionalProperties: Bool
    let properties: [String: Property]

    struct Property: Decodable {
      let description: String
      let `enum`: [String]?
    }
  }

  private struct Example: Decodable {
    let valid: Bool
    let yaml: String
  }

  @Test("The schema has the policy's keys and statistics, no more and no fewer, each with a description")
  func keys() throws {
    let schema = try JSONDecoder().decode(
      Schema.self, from: Data(contentsOf: Self.root.appendingPathComponent(Policy.schema)))
    #expect(Set(schema.properties.keys) == Set(Policy.Entries.CodingKeys.allCases.map(\.rawValue)))
    #expect(!schema.additionalProperties)
    #expect(schema.properties["statistic"]?.enum == StatisticName.allCases.map(\.rawValue))
    #expect(schema.properties.values.allSatisfy { !$0.description.isEmpty })
  }

  @Test("What the examples say is valid is read, and nothing else is")
  func examples() throws {
    let file = Self.root.appendingPathComponent("Tests/SurprisalTests/Reference/policies.json")
    let examples = try JSONDecoder().decode([Example].self, from: Data(contentsOf: file))
    #expect(examples.contains { $0.valid } && examples.contains { !$0.valid })
    for example in examples {
      let policy = try? Policy(yaml: example.yaml, path: "p.yml")
      #expect((policy != nil) == example.valid, "\(example.yaml)")
    }
  }
}
