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
        #expect(try ImageDecoder().decode(path: sheet) == Bitmap.contactSheet(images))
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
  }
}
