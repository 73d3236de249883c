import Foundation
import Testing

extension CommandTests {
  struct AlignTests {
    @Test(
      "A model that aligns says so, is fitted anew as it aligns, and says where it found nothing to align")
    func fit() throws {
      try withFolder { folder in
        let (path, other) = ("\(folder)/model.safetensors", "\(folder)/other.safetensors")
        let outcome = try Command.run(
          "fit", "fixtures/clothes", "--align", "turned", "--threads", "1", "--output", path)
        #expect(
          outcome.code == 0 && outcome.errors.contains("moved to the middle and turned alike"), "\(outcome)")
        let text = try Command.run("model", path)
        #expect(
          text.output.contains("aligned      what each image shows to the middle, turned as others lie"),
          "\(text)")
        func alignment(_ path: String) throws -> [String: Any]? {
          try Command.run("model", path, "--format", "json").objects.first?["alignment"] as? [String: Any]
        }
        let known = try #require(try alignment(path))
        #expect(known["kind"] as? String == "turned", "\(known)")
        let again = try Command.run(
          "fit", "fixtures/clothes", "--model", path, "--evaluations", "0", "--threads", "1", "--output",
          other)
        #expect(again.code == 0, "\(again)")
        #expect(try alignment(other)?["half_width"] as? Double == known["half_width"] as? Double)
        let whole = try Command.run(
          "fit", "fixtures/clothes", "--model", path, "--align", "none", "--evaluations", "0", "--threads",
          "1",
          "--output", other)
        #expect(try whole.code == 0 && alignment(other) == nil, "\(whole)")
        // Noise shows no thing: it is judged, and it is said how.
        let scan = try Command.run(
          "scan", "fixtures/other/noise.png", "fixtures/clothes", "--model", path, "--fpr", "0.1", "--quiet")
        let records = try scan.objects
        let noise = try #require(records.first { ($0["path"] as? String)?.hasSuffix("noise.png") == true })
        #expect((noise["warning"] as? String)?.contains("nothing stands out") == true, "\(noise)")
        #expect(records.count == 29 && records.count { $0["warning"] != nil } < 15, "\(records.count)")
      }
    }

    @Test("Where nothing can be aligned, and where nothing is to be chosen, that is said")
    func refused() throws {
      try withFolder { folder in
        let path = "\(folder)/model.safetensors"
        let noise = "\(folder)/noise"
        try FileManager.default.createDirectory(atPath: noise, withIntermediateDirectories: true)
        for index in 0..<20 {
          try FileManager.default.copyItem(
            atPath: Command.root.appendingPathComponent("fixtures/other/noise.png").path,
            toPath: "\(noise)/\(index).png")
        }
        let outcome = try Command.run("fit", noise, "--align", "placed", "--threads", "1", "--output", path)
        #expect(
          outcome.code == 1 && outcome.errors.contains("only 0 % of the images show one thing"), "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: path))
        for words in [
          ["fit", "fixtures/clothes", "--align", "turned", "--tiles", "--output", path],
          ["fit", "--samples", "20", "--align", "turned", "--model", "fashion-mnist", "--output", path],
          ["train", "--resume", "x.checkpoint", "--align", "turned", "--output", path],
          ["scan", "fixtures/clothes", "--model", "fashion-mnist", "--align", "turned"],
        ] {
          let refused = try Command.run(words)
          #expect(refused.code == 64 && refused.errors.contains("--align"), "\(words): \(refused)")
        }
      }
    }
  }
}
