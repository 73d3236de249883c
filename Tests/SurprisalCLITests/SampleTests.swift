import Foundation
import Images
import Testing

extension CommandTests {
  struct SampleTests {
    private func sample(_ folder: String, seed: Int, _ arguments: String...) throws -> [Data] {
      let outcome = try Command.run(
        [
          "sample", "--model", "fashion-mnist", "-n", "3", "--steps", "2", "--threads", "1", "--seed",
          "\(seed)", "--output", folder,
        ]
          + arguments)
      #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
      return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
        try bytes("\(folder)/\($0)")
      }
    }

    @Test("As many images as asked for, of the model's size; the sheet holds each of them")
    func imagesAndSheet() throws {
      try withFolder { folder in
        let sheet = "\(folder)/sheet.png"
        let images = try sample("\(folder)/out/deep", seed: 1, "--sheet", sheet).map {
          try ImageDecoder().decode($0)
        }
        #expect(images.count == 3)
        #expect(images.allSatisfy { $0.shape == ImageShape(height: 28, width: 28, channels: 1) })
        #expect(
          try ImageDecoder().decode(path: sheet)
            == Bitmap.labelledSheet(images, caption: "fashion-mnist seed 1 steps 2 s 1"))
      }
    }

    @Test("The same seed draws the same bytes, another seed others; the ODE and the SDE differ")
    func seeds() throws {
      try withFolder { folder in
        let first = try sample("\(folder)/1", seed: 1)
        #expect(try sample("\(folder)/2", seed: 1) == first)
        #expect(try sample("\(folder)/3", seed: 2) != first)
        #expect(try sample("\(folder)/4", seed: 1, "--noise", "0") != first)
      }
    }

    @Test("A sheet that cannot be written is refused by name")
    func unwritable() throws {
      try withFolder { folder in
        let sheet = "\(folder)/none/sheet.png"
        let outcome = try Command.run(
          "sample", "--model", "fashion-mnist", "-n", "1", "--steps", "2", "--threads", "1", "--sheet", sheet)
        #expect(outcome.code == 1 && outcome.errors.contains(sheet), "\(outcome)")
      }
    }

    private func drawn(_ arguments: String...) throws -> Command.Outcome {
      try Command.run(
        ["sample", "--model", "fashion-mnist", "--steps", "4", "--threads", "1", "--precision", "f32"]
          + arguments)
    }

    @Test("An IDX file of samples holds those of the folder, and scan reads it")
    func idx() throws {
      try withFolder { folder in
        let file = "\(folder)/drawn-ubyte"
        #expect(try drawn("-n", "3", "--format", "idx", "--output", file).code == 0)
        #expect(try drawn("-n", "3", "--output", "\(folder)/png").code == 0)
        let read = try IDXFile(path: file)
        #expect(read.count == 3)
        for index in 0..<3 {
          #expect(try read[index] == ImageDecoder().decode(path: "\(folder)/png/sample-0000\(index).png"))
        }
        let piped = try Command.shell(
          "\"$1\" sample --model fashion-mnist --steps 4 --threads 1 --precision f32 -n 3 --format idx --output - | cmp - \"$2\"",
          Command.binary.path, file)
        #expect(piped.code == 0, "\(piped)")
        let scan = try Command.run(
          "scan", file, "--model", "fashion-mnist", "--fpr", "0.01", "--threads", "1")
        #expect(try scan.objects.count == 3)
        #expect(try drawn("-n", "1", "--format", "idx", "--output", "\(folder)/x.idx").code == 64)
      }
    }

    @Test("A trajectory moves from noise to the images, which it shows where nothing moves")
    func trajectory() throws {
      try withFolder { folder in
        let (file, sheet) = ("\(folder)/way.png", "\(folder)/png")
        #expect(try drawn("-n", "4", "--trajectory", file, "--output", sheet).code == 0)
        let images = try (0..<4).map { try ImageDecoder().decode(path: "\(sheet)/sample-0000\($0).png") }
        let still = try ImageDecoder().decode(path: file)
        #expect(still == Bitmap.contactSheet(images, scale: 3))
        let text = String(decoding: try bytes(file), as: Unicode.ASCII.self)
        #expect(text.contains("acTL") && text.contains("fdAT"))
      }
    }

    @Test("Likeness is told in words and as lines, with the p-value and the statistic that differs most")
    func likeness() throws {
      try withFolder { folder in
        let report = "\(folder)/like.jsonl"
        let alike = try drawn("-n", "6", "--like", "fixtures/clothes", "--evaluations", "4")
        // The shipped model is calibrated at 4 evaluations too, or says what it lacks.
        #expect(alike.code == 0 || alike.errors.contains("4 evaluations"), "\(alike)")
        let outcome = try drawn("-n", "12", "--like", "fixtures/other", "--report", report)
        #expect(outcome.code == 0 && outcome.output.contains("12 samples beside 10 images"), "\(outcome)")
        let lines = try String(contentsOfFile: report, encoding: .utf8).split(separator: "\n").map {
          try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.contains { $0["statistic"] as? String == "surprisal" })
        let differing = lines.filter { $0["differs"] as? Bool == true }
        #expect(!differing.isEmpty && outcome.output.contains("they differ"), "\(outcome)")
        #expect(lines.allSatisfy { ($0["p_value"] as? Double).map { (0...1).contains($0) } ?? false })
        // On standard output, the lines alone.
        let piped = try drawn("-n", "2", "--like", "fixtures/clothes/00.png", "--report", "-")
        #expect(try piped.code == 0 && piped.objects.count == lines.count)
        #expect(piped.errors.contains("2 samples beside 1 images"))
      }
    }

    @Test("What cannot be is wrong usage; nothing to compare with is 1")
    func usage() throws {
      for arguments in [
        ["--report", "x"], ["-n", "0", "--sheet", "x"], [], ["--output", "-"],
        ["--sheet", "-", "--trajectory", "-"], ["--like", "fixtures", "--evaluations", "auto"],
      ] {
        #expect(try Command.run(["sample"] + arguments).code == 64, "\(arguments)")
      }
      let none = try drawn("-n", "2", "--like", "fixtures/broken/text.jpg")
      #expect(none.code == 1 && none.errors.contains("no readable images"), "\(none)")
    }
  }
}
