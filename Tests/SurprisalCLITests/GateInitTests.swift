import Foundation
import Testing

extension CommandTests {
  struct GateInitTests {
    @Test(
      "--init writes policy, model and baseline, by which the gate passes; a second one is refused without --force"
    )
    func first() throws {
      try withFolder { folder in
        let policy = "\(folder)/policy.yml"
        func setUp(_ arguments: String...) throws -> Command.Outcome {
          try Command.run(
            ["gate", "--init", "fixtures/clothes", "fixtures/other", "--policy", policy] + arguments)
        }
        let first = try setUp()
        try #require(first.code == 0 && first.output.isEmpty, "\(first.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names == ["policy.yml", "surprisal-baseline.txt", "surprisal.safetensors"])
        let text = String(decoding: try bytes(policy), as: UTF8.self)
        #expect(text.hasPrefix("# yaml-language-server: $schema=") && text.contains("\nmax_outliers: 0\n"))
        let gate = ["gate", "fixtures/clothes", "fixtures/other", "--policy", policy]
        let passed = try Command.run(gate)
        #expect(
          passed.code == 0 && passed.output.contains("gate passed: 0 new outliers of 38 images"), "\(passed)")
        // Without the baseline the same images fail, with what to do.
        try Data().write(to: URL(fileURLWithPath: "\(folder)/surprisal-baseline.txt"))
        let failed = try Command.run(gate)
        #expect(failed.code == 2 && failed.output.contains("more than 0"), "\(failed)")
        #expect(failed.output.contains("--write-baseline \(folder)/surprisal-baseline.txt"))
        let again = try setUp()
        #expect(
          again.code == 1 && again.errors.contains("policy.yml: cannot write: it is there already; --force"))
        #expect(try setUp("--force").code == 0)
        #expect(try Command.run(gate).code == 0)
      }
    }

    @Test("With --model the policy names it, and no other model is made")
    func given() throws {
      try withFolder { folder in
        let policy = "\(folder)/policy.yml"
        let first = try Command.run(
          "gate", "--init", "fixtures/clothes/00.png", "--model", "fashion-mnist", "--evaluations", "4",
          "--policy", policy)
        try #require(first.code == 0, "\(first.errors)")
        let text = String(decoding: try bytes(policy), as: UTF8.self)
        #expect(text.contains("\nmodel: fashion-mnist\n") && text.contains("\nevaluations: 4\n"))
        #expect(!exists("\(folder)/surprisal.safetensors") && !exists("\(folder)/surprisal-baseline.txt"))
        #expect(try Command.run("gate", "fixtures/clothes/00.png", "--policy", policy).code == 0)
      }
    }

    @Test("Without a model a gate says how to get one; too few images for one say so")
    func without() throws {
      let none = try Command.run("gate", "fixtures/clothes")
      #expect(none.code == 64 && none.errors.contains("surprisal gate --init fixtures/clothes"), "\(none)")
      try withFolder { folder in
        let few = try Command.run("gate", "--init", "fixtures/other", "--policy", "\(folder)/p.yml")
        #expect(few.code == 1 && few.errors.contains("--model MODEL"), "\(few)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }

    @Test("One run writes every report asked for, each as the format alone would")
    func reports() throws {
      try withFolder { folder in
        let arguments = [
          "gate", "--model", "fashion-mnist", "fixtures/other", "fixtures/broken", "--evaluations", "4",
          "--fpr", "0.02",
        ]
        let formats = ["sarif": "sarif", "xml": "junit", "md": "markdown", "jsonl": "jsonl", "txt": "text"]
        let all = try Command.run(
          arguments + formats.keys.sorted().flatMap { ["--report", "\(folder)/gate.\($0)"] })
        #expect(all.code == 3, "\(all)")
        // What looks at them judges as the gate did.
        #expect(all.output.contains("--model fashion-mnist --evaluations 4 --fpr 0.02 --format html"))
        for (end, format) in formats {
          let alone = try Command.run(arguments + ["--format", format])
          #expect(alone.code == 3)
          #expect(
            String(decoding: try bytes("\(folder)/gate.\(end)"), as: UTF8.self) == alone.output, "\(format)")
          #expect(alone.errors.contains("gate undecided") == (format != "text"), "\(alone.errors)")
        }
        let unknown = try Command.run(arguments + ["--report", "\(folder)/gate.doc"])
        #expect(unknown.code == 64 && unknown.errors.contains(".sarif"))
      }
    }
  }
}
