import Foundation
import Testing

/// Files made wrong on purpose, many of them, read by a process of their own (`Tests/Mutants`).
@Suite(.serialized) struct MutantTests {
  /// The binary built beside these tests.
  static let binary = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("mutants")

  /// Where code is not optimised, fewer say as much as time allows.
  #if DEBUG
    static let share = 20
  #else
    static let share = 1
  #endif

  /// Its lines, and whether it came to its end.
  private static func run(_ kind: String, count: Int) throws -> (lines: [Substring], ended: Bool) {
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("mutants-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: output) }
    try Data().write(to: output)
    let process = Process()
    process.executableURL = binary
    process.arguments = [kind, "\(count)", "16"]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["OMP_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let lines = String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n")
    return (lines, process.terminationReason == .exit && process.terminationStatus == 0)
  }

  @Test("What takes more memory than it may is noticed")
  func greedy() throws {
    let (lines, ended) = try Self.run("greedy", count: 1)
    #expect(!ended && lines == ["0\tvalue"], "\(lines)")
  }

  @Test(
    "Of ten thousand damaged models and checkpoints each is of use or refused with a reason, within its memory",
    arguments: [("model", 6000), ("checkpoint", 4000)])
  func mutants(kind: String, whole: Int) throws {
    let count = whole / Self.share
    let (lines, ended) = try Self.run(kind, count: count)
    // The last line is of the variant that ended the process, where one did.
    #expect(ended, "\(lines.last ?? "")")
    #expect(lines.count == count)
    var ends: [Substring: [Substring: Int]] = [:]
    for line in lines {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      try #require(fields.count == 4, "\(line)")
      ends[fields[1], default: [:]][fields[2], default: 0] += 1
      let isExplained = fields[3].hasPrefix("mutant.safetensors: ") && fields[3].count > 40
      #expect(fields[2] != "refused" || isExplained, "\(line)")
      #expect(fields[2] != "failed" || !fields[3].isEmpty, "\(line)")
    }
    // Every kind of damage was done and noticed, and there was always something left to use.
    #expect(ends.count == 12 && ends.values.allSatisfy { $0["refused", default: 0] > 0 }, "\(ends)")
    #expect(ends.values.reduce(0) { $0 + $1["used", default: 0] } > count / 20, "\(ends)")
  }
}
