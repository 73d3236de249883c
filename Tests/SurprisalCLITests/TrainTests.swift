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
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.safetensors"])
        let images = try FileManager.default.contentsOfDirectory(
          atPath: Command.root.appendingPathComponent("fixtures/clothes").path
        ).sorted().map { "fixtures/clothes/\($0)\n" }
        #expect(try train(again, "-", input: Data(images.joined().utf8)).code == 0)
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

    @Test("Too few images are refused with nothing written")
    func tooFew() throws {
      try withFolder { folder in
        let outcome = try train("\(folder)/x.safetensors", "fixtures/broken", "fixtures/clothes/00.png")
        #expect(outcome.code == 1 && outcome.errors.contains("fixtures/broken/cut.png"), "\(outcome)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      }
    }
  }
}
