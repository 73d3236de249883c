import Foundation
import Testing

extension CommandTests {
  struct TrainTests {
    private func train(_ path: String, _ arguments: String..., input: Data = Data()) throws -> Command.Outcome
    {
      try Command.run(
        [
          "train", "--output", path, "--size", "16", "--channels", "gray", "--preset", "tiny", "--batch", "2",
          "--steps", "1", "--validation", "0.35", "--evaluations", "4", "--precision", "f32", "--threads",
          "1",
        ] + arguments, input: input)
    }

    @Test(
      "A trained model is one file, of the shape and references asked for, repeats to the byte, and scans")
    func trains() throws {
      try withFolder { folder in
        let (path, again) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
        let first = try train(path, "fixtures/clothes")
        #expect(first.code == 0 && first.output.isEmpty, "\(first)")
        // One step teaches nothing, and that is said.
        #expect(first.errors.contains("knows nothing"), "\(first)")
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.html", "a.safetensors"])
        let images = try FileManager.default.contentsOfDirectory(
          atPath: Command.root.appendingPathComponent("fixtures/clothes").path
        ).sorted().map { "fixtures/clothes/\($0)\n" }
        #expect(try train(again, "-", "--no-page", input: Data(images.joined().utf8)).code == 0)
        #expect(!exists("\(folder)/b.html"))
        #expect(try bytes(again) == bytes(path))
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(facts["width"] as? Int == 16 && facts["channels"] as? Int == 1 && facts["steps"] as? Int == 1)
        // 35 % of 28, rounded down, are held out.
        #expect(facts["training_images"] as? Int == 19)
        #expect(try Command.references(path, evaluations: 4) == 9)
        let scan = try Command.run("scan", "fixtures/other", "--model", path, "--fpr", "0.1")
        #expect(scan.code == 0)
        #expect(try scan.objects.count { $0["status"] as? String == "scored" } == 10, "\(scan)")
      }
    }

    @Test(
      "Without --size images are taken at the one that all have, and it is said why; eyes are as asked for")
    func size() throws {
      try withFolder { folder in
        let path = "\(folder)/a.safetensors"
        let outcome = try Command.run(
          "train", "fixtures/clothes", "--no-page", "--threads", "1", "--evaluations", "4", "--steps", "1",
          "--batch", "2", "--channels", "gray", "--preset", "tiny", "--eyes", "none", "--output", path)
        #expect(outcome.code == 0 && outcome.errors.contains("images are taken at 28x28: all"), "\(outcome)")
        #expect(!outcome.errors.contains("eyes:"))
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(
          facts["width"] as? Int == 28 && facts["height"] as? Int == 28 && facts["eyes"] as? Bool == false)
      }
    }

    @Test(
      "A network looks at whole images where it is asked to, and what it is from then on is not asked away")
    func attention() throws {
      try withFolder { folder in
        let path = "\(folder)/a.safetensors"
        let arguments = [
          "train", "fixtures/clothes", "--no-page", "--threads", "1", "--evaluations", "4", "--steps", "1",
        ]
        let small = ["--batch", "2", "--size", "24", "--channels", "gray", "--precision", "f32"]
        let first = try Command.run(
          arguments + small + [
            "--preset", "tiny", "--levels", "auto", "--attention", "auto", "--output", path,
          ])
        #expect(first.code == 0, "\(first)")
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(facts["levels"] as? Int == 3 && facts["attention"] as? Int == 1)
        #expect(try Command.run("model", path).output.contains("3 levels, 1 head of attention"))
        let refused = try Command.run(
          arguments + small + ["--from", path, "--attention", "none", "--output", "\(folder)/b.safetensors"])
        #expect(refused.code == 1 && refused.errors.contains("3 levels, 1 head of attention"), "\(refused)")
        let sides = try Command.run(
          arguments + ["--size", "20", "--levels", "4", "--output", "\(folder)/b.safetensors"])
        #expect(sides.code == 64 && sides.errors.contains("multiple of 8"), "\(sides)")
        #expect(!exists("\(folder)/b.safetensors"))
      }
    }

    @Test("Too few images are refused with nothing written")
    func tooFew() throws {
      try withFolder { folder in
        let outcome = try train("\(folder)/x.safetensors", "fixtures/broken", "fixtures/clothes/00.png")
        #expect(outcome.code == 1 && outcome.errors.contains("fixtures/broken/cut.png"), "\(outcome)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }

    @Test("A run that Ctrl-C ends goes on with --resume alone, to the bytes of one that was left in peace")
    func resumes() throws {
      try withFolder { folder in
        let (path, whole) = ("\(folder)/a.safetensors", "\(folder)/b.safetensors")
        let (log, wholeLog) = ("\(folder)/a.jsonl", "\(folder)/b.jsonl")
        // A batch of 8 pays for a validation of nine images three times.
        let arguments = [
          "train", "fixtures/clothes", "--size", "16", "--channels", "gray", "--preset", "tiny", "--batch",
          "8", "--steps", "100", "--validation", "0.35", "--evaluations", "4", "--precision", "f32",
          "--threads", "1", "--no-page", "--output",
        ]
        #expect(try Command.run(arguments + [whole, "--log", wholeLog]).code == 0)
        // A validation is told once its checkpoint is saved: most of the steps are left then.
        let stopped = try Command.interrupt(arguments + [path, "--log", log], after: "validation")
        #expect(stopped.code == 130 && stopped.errors.contains("--resume \(path).checkpoint"), "\(stopped)")
        #expect(!exists(path))
        let refused = try Command.run(
          "train", "--resume", "\(path).checkpoint", "--output", path, "--size", "32", "--threads", "1")
        #expect(refused.code == 64 && refused.errors.contains("size: 32x32 is given"), "\(refused)")
        #expect(refused.errors.contains("checkpoint's is 16x16"))
        let resumed = try Command.run(
          "train", "--resume", "\(path).checkpoint", "--output", path, "--threads", "1", "--log", log,
          "--no-page")
        #expect(resumed.code == 0 && resumed.errors.contains("going on from step"), "\(resumed)")
        #expect(try bytes(path) == bytes(whole))
        #expect(!exists("\(path).checkpoint"))
        // The log of both runs, one after the other, tells the same validations as that of the whole.
        func validations(_ log: String) throws -> [String] {
          try events(log).filter { $0["event"] as? String == "validated" }.map {
            "\($0["step"] ?? "") \($0["bits_per_dim"] ?? "") \($0["standard_error"] ?? "")"
          }
        }
        #expect(try validations(log) == validations(wholeLog) && validations(log).count == 3)
        let names = try events(log).compactMap { $0["event"] as? String }
        #expect(names.first == "loaded" && names.last == "done" && names.contains("resumed"))
        #expect(names.count { $0 == "stopped" } == 1)
      }
    }

    private func events(_ log: String) throws -> [[String: Any]] {
      try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }

    @Test("The page beside the model holds curve, samples and calibration, and no name is taken for markup")
    func page() throws {
      try withFolder { folder in
        let outcome = try train("\(folder)/<x>.safetensors", "fixtures/clothes", "--log", "-")
        #expect(outcome.code == 0, "\(outcome)")
        let page = try String(contentsOfFile: "\(folder)/<x>.html", encoding: .utf8)
        for part in ["polyline class=\"curve\"", "Drawn by the model", "Calibration", "&lt;x&gt;"] {
          #expect(page.contains(part), "\(part)")
        }
        #expect(!page.contains("<x>") && page.matches(of: /alt="sample/).count == 24)
        #expect(try outcome.objects.last?["event"] as? String == "done")
      }
    }

    @Test("A log that cannot be written is refused before any work, or ends the training with its name")
    func unwritableLog() throws {
      try withFolder { folder in
        let refused = try train("\(folder)/x.safetensors", "fixtures/clothes", "--log", folder)
        #expect(refused.code == 1 && refused.errors.contains(folder), "\(refused)")
        let full = try train("\(folder)/x.safetensors", "fixtures/clothes", "--log", "/dev/full")
        #expect(full.code == 1 && full.errors.contains("/dev/full: cannot write"), "\(full)")
        #expect(!exists("\(folder)/x.safetensors"))
      }
    }

    @Test(
      "Numbers that nothing can be learned with are wrong usage, named with what they must be",
      arguments: [
        "--learning-rate=-1", "--learning-rate=0", "--learning-rate=10", "--learning-rate=nan",
        "--learning-rate=inf",
        "--batch=0", "--batch=4097", "--steps=0", "--steps=-5", "--steps=2000000000", "--minutes=0",
        "--minutes=-1", "--minutes=nan", "--minutes=inf", "--validation=0", "--validation=1",
        "--validation=-0.5", "--validation=nan", "--seed=-1", "--evaluations=0", "--evaluations=5000",
        "--size=17",
        "--size=16x", "--size=-16", "--channels=2", "--patience=0", "--levels=1", "--levels=6",
        "--levels=deep",
        "--attention=0", "--attention=3", "--attention=-1", "--attention=all",
      ])
    func unsuitable(option: String) throws {
      try withFolder { folder in
        let outcome = try Command.run(
          "train", "fixtures/clothes", "--output", "\(folder)/x.safetensors", option)
        #expect(outcome.code == 64 && outcome.errors.contains("Error: "), "\(outcome)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }

    @Test("A checkpoint that is none is 1, with its name and why")
    func noCheckpoint() throws {
      try withFolder { folder in
        for (file, reason) in [
          ("models/fashion-mnist.safetensors", "not a training checkpoint"),
          ("fixtures/broken/text.jpg", "header"),
          ("/dev/zero", "not a regular file"),
        ] {
          let outcome = try Command.run("train", "--resume", file, "--output", "\(folder)/x.safetensors")
          #expect(outcome.code == 1 && outcome.errors.contains(file), "\(outcome)")
          #expect(outcome.errors.contains(reason), "\(outcome)")
        }
      }
    }
  }
}
