import Foundation
import Testing

extension CommandTests {
  struct FitTests {
    @Test("Known images become references, and verdicts follow them")
    func images() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let outcome = try Command.run(
          "calibrate", "--model", "fashion-mnist", "fixtures/clothes", "--evaluations", "4", "--threads", "1",
          "--output", path)
        #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
        // Each is a reference, scored by what the others fit.
        #expect(try Command.references(path, evaluations: 4) == 28)
        // Others stay as they were.
        #expect(try Command.references(path, evaluations: 16) == Command.references(evaluations: 16))
        let record = try #require(
          try Command.run(
            "scan", "fixtures/other/noise.png", "--model", path, "--evaluations", "4", "--fpr", "0.1"
          )
          .objects.first)
        // No reference scores as high: p = 1/(1 + 28).
        let pValue = try #require(record["p_value"] as? Double)
        #expect(abs(pValue - 1.0 / 29) <= 5e-6 * pValue && record["outlier"] as? Bool == true, "\(record)")
      }
    }

    @Test("Without --model the general network is fitted to looks, at the images' own size and channels")
    func general() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let outcome = try Command.run("fit", "fixtures/clothes", "--threads", "1", "--output", path)
        #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
        #expect(outcome.errors.contains("images are taken at 28x28: all that were looked into"), "\(outcome)")
        #expect(outcome.errors.contains("next:") && outcome.errors.contains("--model \(path)"), "\(outcome)")
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(facts["width"] as? Int == 28 && facts["channels"] as? Int == 1, "\(facts)")
        #expect(try Command.references(path, evaluations: 0) == 28)
        let scan = try Command.run("scan", "fixtures/other", "--model", path, "--fpr", "0.1", "--quiet")
        let records = try scan.objects
        #expect(records.count == 10 && records.count { $0["outlier"] as? Bool == true } >= 5, "\(scan)")
        #expect(
          records.allSatisfy { $0["statistic"] as? String == "appearance" && $0["bits_per_dim"] == nil })
      }
    }

    @Test("Eyes learn from images that show none of those fitted to, and where there are none that is said")
    func eyes() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let words = [
          "fit", "fixtures/clothes", "--threads", "1", "--output", path, "--eyes", "2", "--size", "16",
        ]
        let outcome = try Command.run(words + ["--eyes-from", "fixtures/other"])
        #expect(outcome.code == 0 && outcome.errors.contains("eyes: held-out images"), "\(outcome)")
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(facts["eyes"] as? Bool == outcome.errors.contains(": kept"), "\(outcome)")
        let same = try Command.run(words + ["--eyes-from", "fixtures/clothes"])
        #expect(same.code == 1 && same.errors.contains("learn eyes from"), "\(same)")
      }
    }

    @Test("Damage is learned from images that show none of those fitted to, of sizes that have whole places")
    func damage() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        func fit(size: String, from: String) throws -> Command.Outcome {
          try Command.run(
            "fit", "fixtures/clothes", "--threads", "1", "--output", path, "--size", size,
            "--damage-from", from, "--damage-steps", "2")
        }
        let outcome = try fit(size: "16", from: "fixtures/other")
        #expect(outcome.code == 0 && outcome.errors.contains("damage: learned"), "\(outcome)")
        let facts = try #require(try Command.run("model", path, "--format", "json").objects.first)
        #expect(facts["damage"] as? Bool == true)
        let scan = try Command.run(
          "scan", "fixtures/other", "--model", path, "--statistic", "damage", "--fpr", "0.05", "--threads",
          "1", "--format",
          "jsonl")
        let reasons = try scan.objects.compactMap { $0["reason"] as? String }
        #expect(reasons.contains { $0.contains("as if damaged") }, "\(reasons)")
        let same = try fit(size: "16", from: "fixtures/clothes")
        #expect(same.code == 1 && same.errors.contains("learn damage from"), "\(same)")
        let odd = try fit(size: "28", from: "fixtures/other")
        #expect(odd.code == 1 && odd.errors.contains("multiples of 8"), "\(odd)")
      }
    }

    @Test("Images that fit apart leave all others as references, from standard input too")
    func fitting() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let names = (0..<12).map { String(format: "fixtures/clothes/%02d.png", $0) }
        let outcome = try Command.run(
          "calibrate", "--model", "fashion-mnist", "-", "-0", "--evaluations", "4", "--threads", "1",
          "--output", path, "--fit",
          "fixtures/clothes", input: Data(names.joined(separator: "\0").utf8))
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(try Command.references(path, evaluations: 4) == 12)
      }
    }

    @Test(
      "Without OpenVINO --encoder says how to get it, and nothing is written; its options are for it alone")
    func encoder() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let outcome = try Command.shell(
          "SURPRISAL_OPENVINO=\"$1\" \"$2\" fit fixtures/clothes --encoder \"$3\" --output \"$4\" --threads 1",
          folder, Command.binary.path, "Tests/EncodersTests/Reference/tiny.onnx", path)
        #expect(outcome.code == 1 && !exists(path), "\(outcome)")
        #expect(outcome.errors.contains("pip install openvino"), "\(outcome.errors)")
        #expect(outcome.errors.contains("SURPRISAL_OPENVINO"), "\(outcome.errors)")
        for wrong in [
          ["--patches", "a"], ["--encoder", "x.onnx", "--encoder-mean", "1,2"], ["--encoder-scale", "2"],
        ] {
          #expect(
            try Command.run(["fit", "fixtures/clothes", "--output", path] + wrong).code == 64, "\(wrong)")
        }
      }
    }

    @Test("Samples unlike real images are refused with nothing written, or taken with --force and marked")
    func samples() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        // Two steps draw nothing like clothes.
        let arguments = [
          "calibrate", "--model", "fashion-mnist", "--samples", "12", "--steps", "2", "--evaluations", "4",
          "--threads", "1", "--output",
          path,
        ]
        let refused = try Command.run(arguments)
        #expect(refused.code == 1 && refused.errors.contains("--force") && !exists(path), "\(refused)")
        #expect(try Command.run(arguments + ["--force"]).code == 0)
        #expect(try Command.references(path, evaluations: 4) == 12)
        #expect(try Command.run("model", path).output.contains("12 generated references at 4 evaluations"))
      }
    }
  }
}
