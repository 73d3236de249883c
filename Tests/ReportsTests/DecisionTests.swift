import Foundation
import Testing

@testable import Reports

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What a gate decided, in the formats that have a place for it.
struct DecisionTests {
  static let outcomes: [ReportDecision.Outcome] = [.passed, .failed, .undecided]

  /// Two outliers, one of them accepted, and an unreadable file.
  private static func records() throws -> [Record] {
    var odd = try Record.scored("odd.png")
    odd.outlier = true
    odd.content = "abc"
    odd.accepted = false
    var known = odd
    known.file = .init("known.png")
    known.accepted = true
    return [odd, known, Record(path: "bad.png", error: "cut")]
  }

  private static func report(_ format: ReportFormat, _ outcome: ReportDecision.Outcome) throws -> String {
    let records = try records()
    var writer = RecordWriter(format)
    writer.facts.steps = [ReportFacts.Step("surprisal look <\"a\">", "look & see")]
    let decision = ReportDecision(outcome, reason: "1 of 3, more than \"0\"")
    let totals = ReportTotals(scored: 2, outliers: 2, unreadable: 1, accepted: 1, decision: decision)
    return writer.begin(totals) + records.map { writer.line($0) }.joined() + writer.end
  }

  @Test("Text ends in the decision, and what was accepted is no alarm", arguments: outcomes)
  func text(outcome: ReportDecision.Outcome) throws {
    let lines = try Self.report(.text, outcome).split(separator: "\n")
    #expect(
      lines.suffix(3) == [
        "gate \(outcome.rawValue): 1 of 3, more than \"0\"", "  look & see:", "    surprisal look <\"a\">",
      ])
    #expect(lines[1].hasPrefix("OUTLIER ") && lines[3].hasPrefix("accepted "))
  }

  /// Test cases by name with what became of them, and the counts of each suite.
  private final class Reader: NSObject, XMLParserDelegate {
    var outcomes: [String: String] = [:]
    var suites: [[String: String]] = []
    private var name = ""

    func parser(
      _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) {
      switch element {
      case "testsuite": suites.append(attributes)
      case "testcase":
        name = attributes["name"] ?? ""
        outcomes[name] = "passed"
      case "failure", "error", "skipped": outcomes[name] = element
      default: break
      }
    }
  }

  @Test(
    "JUnit's verdict is the gate's: nothing fails where it passes, and its own test says why",
    arguments: outcomes)
  func junit(outcome: ReportDecision.Outcome) throws {
    let text = try Self.report(.junit, outcome)
    let parser = XMLParser(data: Data(text.utf8))
    let reader = Reader()
    parser.delegate = reader
    try #require(parser.parse())
    let passes = outcome == .passed
    #expect(
      reader.outcomes == [
        "odd.png": passes ? "skipped" : "failure", "known.png": "skipped",
        "bad.png": passes ? "skipped" : "error",
        "gate": passes ? "passed" : outcome == .failed ? "failure" : "error",
      ])
    for (suite, cases) in zip(reader.suites, [["odd.png", "known.png", "bad.png"], ["gate"]]) {
      for kind in ["failure", "error", "skipped"] {
        let attribute = kind == "skipped" ? kind : kind + "s"
        #expect(suite[attribute] == "\(cases.count { reader.outcomes[$0] == kind })", "\(kind)")
      }
    }
    #expect(text.contains("1 of 3, more than &quot;0&quot;"))
    #expect(text.contains("look &amp; see: surprisal look &lt;&quot;a&quot;&gt;") == !passes)
  }

  @Test("SARIF has it as a property of the run, and what was accepted is suppressed", arguments: outcomes)
  func sarif(outcome: ReportDecision.Outcome) throws {
    struct Log: Decodable {
      let runs: [Run]
      struct Run: Decodable {
        let properties: Properties
        let results: [Result]
      }
      struct Properties: Decodable, Equatable {
        let decision: String
        let reason: String
        let next: [String]
      }
      struct Result: Decodable {
        let suppressions: [Suppression]?
        let partialFingerprints: [String: String]?
      }
      struct Suppression: Decodable { let kind: String }
    }
    let log = try JSONDecoder().decode(Log.self, from: Data(try Self.report(.sarif, outcome).utf8))
    let run = try #require(log.runs.first)
    #expect(
      run.properties
        == Log.Properties(
          decision: outcome.rawValue, reason: "1 of 3, more than \"0\"",
          next: ["look & see: surprisal look <\"a\">"]))
    #expect(run.results.map { $0.suppressions?.map(\.kind) } == [nil, ["external"], nil])
    #expect(run.results.map { $0.partialFingerprints?.values.first } == ["abc", "abc", nil])
  }
}
