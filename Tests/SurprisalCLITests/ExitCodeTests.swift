import Foundation
import Testing

/// The command as scripts see it: exit codes (CONTRACT), whole outputs or none.
@Suite(.serialized)
struct ExitCodeTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  /// The binary built beside these tests.
  static let command = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("surprisal")

  func run(_ arguments: String...) throws -> (code: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = Self.command
    process.arguments = arguments
    process.currentDirectoryURL = Self.root
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Both stay far below a pipe's 64 KiB, so reading one after the other cannot block.
    let out = output.fileHandleForReading.readDataToEndOfFile()
    let err = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: out, as: UTF8.self), String(decoding: err, as: UTF8.self)
    )
  }

  @Test("gate: 0 passed, 2 failed, 3 cannot decide")
  func gate() throws {
    #expect(try run("gate", "fixtures/clothes", "--max-outliers", "100%").code == 0)
    let failed = try run("gate", "fixtures/other", "--max-outliers", "1", "--format", "csv")
    #expect(failed.code == 2)
    #expect(failed.output.contains("checkerboard.png") && failed.errors.contains("gate failed"))
    let broken = try run("gate", "fixtures/broken")
    #expect(broken.code == 3)
    #expect(broken.errors.contains("unreadable"))
    let few = try run("gate", "fixtures/clothes", "--fpr", "0.00001")
    #expect(few.code == 3)
    #expect(few.errors.contains("99999"))
  }

  @Test("1 could not run, 64 wrong usage, each naming its cause")
  func failures() throws {
    let missing = try run("scan", "fixtures/clothes", "--model", "none/such.safetensors")
    #expect(missing.code == 1 && missing.errors.contains("none/such.safetensors"))
    let damaged = try run("scan", "fixtures/clothes", "--model", "fixtures/broken/text.jpg")
    #expect(damaged.code == 1 && damaged.errors.contains("text.jpg"))
    for wrong in [
      ["scan"], ["scan", "x", "--fpr", "2"], ["scan", "x", "--fpr", "0.1", "--fdr", "0.1"], ["nonsense"],
    ] {
      let process = Process()
      process.executableURL = Self.command
      process.arguments = wrong
      process.standardError = Pipe()
      process.standardOutput = Pipe()
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 64, "\(wrong)")
    }
  }

  @Test("A scan has one record for every image, readable or not, and repeats to the byte")
  func scan() throws {
    let first = try run("scan", "fixtures", "fixtures/clothes/00.png", "--format", "jsonl", "--quiet")
    #expect(first.code == 0)
    // 28 clothes, 10 others, 6 broken, and one given twice.
    #expect(first.output.split(separator: "\n").count == 45)
    #expect(first.output.components(separatedBy: "\"status\":\"unreadable\"").count == 7)
    let second = try run("scan", "fixtures", "fixtures/clothes/00.png", "--format", "jsonl", "--quiet")
    #expect(second.output == first.output)
    let adaptive = try run("scan", "fixtures", "--evaluations", "auto", "--format", "jsonl", "--quiet")
    #expect(adaptive.code == 0 && adaptive.output.split(separator: "\n").count == 44)
  }

  @Test("Leniency scores a cut file and says so in its record")
  func lenient() throws {
    let strict = try run("scan", "fixtures/broken/cut.jpg", "--format", "jsonl")
    #expect(strict.output.contains("\"status\":\"unreadable\""))
    let lenient = try run("scan", "fixtures/broken/cut.jpg", "--lenient", "--format", "jsonl")
    #expect(
      lenient.output.contains("\"status\":\"scored\"") && lenient.output.contains("\"warning\":\"JPEG:"))
  }

  @Test("An output that cannot be written whole does not appear")
  func noPartialOutput() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("surprisal-\(UUID().uuidString)")
      .path
    let failed = try run("scan", "fixtures", "--output", "\(path)/none/x.jsonl")
    #expect(failed.code == 1)
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
