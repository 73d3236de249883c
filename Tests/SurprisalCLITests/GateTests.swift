import Foundation
import Testing

extension CommandTests {
  struct GateTests {
    /// Outliers at a rate of 2 % among fixtures/other, as scan finds them.
    private func outliers() throws -> [String] {
      try Command.run(
        "scan", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4", "--fpr", "0.02"
      ).objects
        .filter { $0["outlier"] as? Bool == true }.compactMap { $0["path"] as? String }
    }

    private func gate(_ arguments: String...) throws -> Command.Outcome {
      try Command.run(
        ["gate", "--model", "fashion-mnist", "--evaluations", "4", "--fpr", "0.02"] + arguments)
    }

    @Test(
      "0 when as many outliers are allowed as there are, 2 when one fewer, and only what is wrong is listed")
    func decides() throws {
      let outliers = try outliers()
      try #require(outliers.count > 1)
      let passed = try gate("fixtures/other", "--max-outliers", "\(outliers.count)", "--format", "jsonl")
      #expect(passed.code == 0, "\(passed.errors)")
      #expect(try passed.objects.compactMap { $0["path"] as? String } == outliers)
      let failed = try gate("fixtures/other", "--max-outliers", "\(outliers.count - 1)", "--format", "jsonl")
      #expect(failed.code == 2 && failed.output == passed.output, "\(failed.errors)")
      #expect(try gate("fixtures/other", "--max-outliers", "100%").code == 0)
    }

    @Test("3 when it cannot tell: unreadable files, no images, or too few references for the rate")
    func undecided() throws {
      let broken = try gate("fixtures/broken", "--max-outliers", "100%")
      #expect(
        broken.code == 3 && broken.output.contains("gate undecided: 6 of 6 images are unreadable"),
        "\(broken)")
      let nothing = try withFolder { try gate($0) }
      #expect(nothing.code == 3, "\(nothing)")
      // A p-value is at least 1 / (1 + references).
      let references = try Command.references(evaluations: 4)
      let few = try Command.run(
        "gate", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--evaluations", "4", "--fpr",
        "\(1 / Double(references + 2))")
      #expect(
        few.code == 3 && few.output.contains("gate undecided: \(references) reference images"), "\(few)")
      #expect(few.output.contains("surprisal fit MORE-IMAGES --output"), "\(few)")
    }

    @Test("Threads change no byte, and a precision is scan's of that precision")
    func computing() throws {
      let arguments = [
        "gate", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4", "--fpr", "0.02",
        "--max-outliers", "100%", "--format",
        "csv",
      ]
      let one = try Command.run(arguments + ["--threads", "1", "--precision", "f32-direct"])
      #expect(one.code == 0, "\(one.errors)")
      #expect(
        try Command.run(arguments + ["--threads", "2", "--precision", "f32-direct"]).output == one.output)
      let scan = try Command.run(
        "scan", "--model", "fashion-mnist", "fixtures/other", "--evaluations", "4", "--fpr", "0.02",
        "--format", "csv", "--precision",
        "f32-direct")
      // Of the same images, but for the content and what is accepted, which only gate's records tell.
      func lines(_ text: String) -> [Substring] {
        text.replacing(/,[0-9a-f]{64},/, with: ",,").replacing(/,false,\n/, with: ",,\n").split(
          separator: "\n")
      }
      let scanned = Set(lines(scan.output))
      for line in lines(one.output) { #expect(scanned.contains(line), "\(line)") }
    }

    @Test("A baseline's outliers count no more, all others do")
    func baseline() throws {
      try withFolder { folder in
        let path = "\(folder)/accepted"
        let written = try gate("fixtures/other", "--max-outliers", "0", "--write-baseline", path)
        #expect(written.code == 0, "\(written.errors)")
        #expect(try gate("fixtures/other", "--max-outliers", "0", "--baseline", path).code == 0)
        let lines = String(decoding: try bytes(path), as: UTF8.self).split(separator: "\n")
        #expect(try lines.count == outliers().count)
        try Data(lines.dropLast().joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect(try gate("fixtures/other", "--max-outliers", "0", "--baseline", path).code == 2)
        #expect(try gate("fixtures/other", "--max-outliers", "1", "--baseline", path).code == 0)
      }
    }

    @Test("A policy names its baseline from where it lies, and sha256sum accepts an image")
    func elsewhere() throws {
      try withFolder { folder in
        let ci = "\(folder)/ci"
        try FileManager.default.createDirectory(atPath: ci, withIntermediateDirectories: true)
        try Data("evaluations: 4\nfpr: 0.02\nmax_outliers: 0\nbaseline: accepted.txt\n".utf8)
          .write(to: URL(fileURLWithPath: "\(ci)/policy.yml"))
        let sum = Process()
        let pipe = Pipe()
        sum.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        sum.arguments = try outliers().map { Command.root.appendingPathComponent($0).path }
        sum.standardOutput = pipe
        try sum.run()
        try pipe.fileHandleForReading.readDataToEndOfFile().write(
          to: URL(fileURLWithPath: "\(ci)/accepted.txt"))
        sum.waitUntilExit()
        let gate = try Command.run(
          "gate", "--model", "fashion-mnist", "./fixtures//other", "--policy", "\(ci)/policy.yml")
        #expect(gate.code == 0 && !gate.errors.contains("none of this run's"), "\(gate)")
        let fewer = try Command.run(
          "gate", "--model", "fashion-mnist", "fixtures/other/noise.png", "--policy", "\(ci)/policy.yml")
        #expect(fewer.code == 0 && fewer.errors.contains("none of this run's"), "\(fewer)")
      }
    }

    @Test("A policy file decides, options win over it, and an unknown key is refused by name")
    func policy() throws {
      try withFolder { folder in
        let path = "\(folder)/policy.yml"
        func gate(_ policy: String, _ arguments: String...) throws -> Command.Outcome {
          try Data(policy.utf8).write(to: URL(fileURLWithPath: path))
          return try Command.run(["gate", "--model", "fashion-mnist", "--policy", path] + arguments)
        }
        let rules = "evaluations: 4\nfpr: 0.02\nmax_outliers: 100%\n"
        #expect(try gate(rules, "fixtures/other").code == 0)
        #expect(try gate(rules, "fixtures/other", "--max-outliers", "0").code == 2)
        #expect(try gate(rules, "fixtures/broken").code == 3)
        #expect(try gate(rules + "max_unreadable: 6\n", "fixtures/broken").code == 0)
        let unknown = try gate("max_outlier: 1\n", "fixtures/clothes/00.png")
        #expect(
          unknown.code == 1 && unknown.errors.contains(path) && unknown.errors.contains("max_outlier"),
          "\(unknown)")
      }
    }

    @Test("Paths come from standard input")
    func standardInput() throws {
      let input = Data("fixtures/clothes/00.png\nfixtures/broken/cut.png\n".utf8)
      let gate = try Command.run(
        "gate", "--model", "fashion-mnist", "-", "--evaluations", "4", "--format", "jsonl", input: input)
      #expect(gate.code == 3)
      #expect(try gate.objects.map { $0["path"] as? String } == ["fixtures/broken/cut.png"])
    }
  }
}
