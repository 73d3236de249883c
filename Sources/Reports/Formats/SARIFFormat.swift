import Foundation

/// SARIF 2.1.0 (OASIS): outliers as warnings, unreadable files as errors, the rest left out; what was accepted before is
/// suppressed, and what was decided is a property of the run.
struct SARIFFormat: RecordFormat {
  private let encoder = JSONEncoder.oneLine()
  private var properties: Run.Properties?
  private var isComplete = true
  private var facts = ReportFacts()
  private var written = 0

  /// A log without results, cut where they go.
  private var parts: (head: String, tail: String) {
    let log = encoder.text(Log(runs: [Run(isComplete: isComplete, properties: properties)]))
    let results = "\"results\":["
    // In its place in every log: `Run` has the key, and what stands before it are our own words, with quotes escaped.
    let cut = log.range(of: results)!.upperBound
    return (String(log[..<cut]), String(log[cut...]))
  }

  mutating func begin(_ totals: ReportTotals) -> String {
    isComplete = totals.isComplete
    properties = totals.decision.map {
      Run.Properties(
        decision: $0.outcome.rawValue, reason: $0.reason,
        next: facts.steps.map { "\($0.purpose): \($0.command)" })
    }
    return parts.head + "\n"
  }

  mutating func take(_ facts: ReportFacts) { self.facts = facts }

  mutating func line(_ record: Record) -> String {
    guard let result = Result(record) else { return "" }
    written += 1
    return (written > 1 ? ",\n" : "") + encoder.text(result)
  }

  var end: String { "\n\(parts.tail)\n" }
}

// The parts of the standard's object model that are used, by its names.

private struct Log: Encodable {
  let schema = "https://json.schemastore.org/sarif-2.1.0.json"
  let version = "2.1.0"
  let runs: [Run]

  enum CodingKeys: String, CodingKey {
    case version, runs
    case schema = "$schema"
  }
}

private struct Run: Encodable {
  let tool = Tool()
  let invocations: [Invocation]
  let results: [Result] = []
  /// Of a gate.
  let properties: Properties?

  struct Properties: Encodable {
    let decision: String
    let reason: String
    let next: [String]
  }

  init(isComplete: Bool, properties: Properties?) {
    invocations = [Invocation(executionSuccessful: isComplete)]
    self.properties = properties
  }

  /// Unsuccessful is one that was interrupted: its results are not all.
  struct Invocation: Encodable { let executionSuccessful: Bool }

  struct Tool: Encodable { let driver = Driver() }

  struct Driver: Encodable {
    let name = "surprisal"
    let rules = [
      Rule(
        id: "outlier", shortDescription: Message(text: "Image does not belong to the population"),
        help: Message(
          text: "Look at the image. Remove it, or accept it: surprisal gate PATHS --write-baseline FILE.")),
      Rule(
        id: "unreadable", shortDescription: Message(text: "Image cannot be decoded"),
        help: Message(text: "Replace the file, or take what it gives: --lenient.")),
    ]
  }

  struct Rule: Encodable {
    let id: String
    let shortDescription: Message
    let help: Message
  }
}

private struct Message: Encodable { let text: String }

private struct Result: Encodable {
  let ruleId: String
  let level: String
  let message: Message
  let locations: [Location]
  /// By its content, an image is the same wherever it is moved to; GitHub's name for it.
  let partialFingerprints: [String: String]?
  let suppressions: [Suppression]?
  /// Of the image; none where it is unreadable.
  let properties: Properties?

  struct Properties: Encodable {
    let width: Int?
    let height: Int?
    let format: String?
  }

  struct Suppression: Encodable {
    let kind = "external"
    let justification: String
  }

  struct Location: Encodable { let physicalLocation: PhysicalLocation }
  struct PhysicalLocation: Encodable {
    let artifactLocation: ArtifactLocation
    // GitHub shows what has a line, and nothing else.
    let region = Region()
  }
  struct Region: Encodable { let startLine = 1 }
  struct ArtifactLocation: Encodable { let uri: String }

  /// nil for an image that belongs.
  init?(_ record: Record) {
    if let error = record.error {
      (ruleId, level, message) = ("unreadable", "error", Message(text: error))
    } else if record.outlier == true {
      let figures = String(
        format: "p-value %.4g%@: ", record.pValue ?? 1, record.bits as NSString)
      (ruleId, level, message) = ("outlier", "warning", Message(text: figures + (record.reason ?? "")))
    } else {
      return nil
    }
    // A URI reference (RFC 3986, 2.1): each byte of the path that a URI cannot hold percent-encoded, and in the first part a
    // colon too, which would make a scheme of what stands before it (4.2).
    let first = record.file.bytes.firstIndex(of: UInt8(ascii: "/")) ?? record.file.bytes.count
    let path = record.file.bytes.enumerated().map { index, byte in
      let isPlain =
        byte == UInt8(ascii: ":")
        ? index > first : byte < 0x80 && CharacterSet.urlPathAllowed.contains(Unicode.Scalar(byte))
      return isPlain ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
    }.joined()
    let uri = path.hasPrefix("/") ? "file://\(path)" : path
    partialFingerprints = record.content.map { ["primaryLocationLineHash": $0] }
    suppressions =
      record.accepted == true ? [Suppression(justification: "accepted in the baseline")] : nil
    properties = record.format.map { Properties(width: record.width, height: record.height, format: $0) }
    locations = [Location(physicalLocation: PhysicalLocation(artifactLocation: ArtifactLocation(uri: uri)))]
  }
}
