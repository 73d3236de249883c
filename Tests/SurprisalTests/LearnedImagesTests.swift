import Images
import Testing

@testable import Surprisal

struct LearnedImagesTests {
  @Test(
    "A model knows what it was trained and calibrated on, after it was kept in a file too, and nothing else")
  func known() throws {
    try Discs.withFolder { folder in
      var model = try Discs.model()
      let images = Discs.discs(400, seed: 6)
      let parts = images.indices.map { model.learned.part(of: images[$0]) }
      let known = Dictionary(grouping: parts.compactMap { $0 }) { $0 }.mapValues(\.count)
      let (trained, heldOut) = (model.facts.trainingImages, model.facts.validationImages)
      #expect(known[.trained] == trained)
      // Near copies of those held out, by chance, were trained on no more than these.
      #expect(known[.calibrated] == images.count - trained && heldOut <= images.count - trained)
      try model.write(to: "\(folder)/m.safetensors")
      model = try Model(path: "\(folder)/m.safetensors")
      #expect(images.indices.map { model.learned.part(of: images[$0]) } == parts)
      let others = Discs.discs(300, seed: 99)
      #expect(others.indices.allSatisfy { model.learned.part(of: others[$0]) == nil })
    }
  }

  @Test("A scan says which images the model learned from")
  func scan() throws {
    try Discs.withFolder { folder in
      let model = try Discs.model()
      let images = Discs.discs(400, seed: 6)
      for index in 0..<8 { try Discs.write(images[index], to: "\(folder)/known\(index).png") }
      let mixed = try Discs.mixed(in: folder)
      var known: [String] = []
      let summary = try Scan().run(
        [folder], by: Judge(model, compute: Discs.compute)
      ) { record in
        if record.known != nil { known.append(record.path) }
      }
      let expected = (0..<8).filter { model.learned.part(of: images[$0]) != nil }.map {
        "\(folder)/known\($0).png"
      }
      #expect(known.sorted() == expected && summary.known == expected.count)
      #expect(!known.contains { $0.hasPrefix(mixed) } && expected.count >= 7)
    }
  }

  @Test("Values that are no hashes are refused")
  func damaged() {
    for values: [Float] in [[1], [0.5, 1], [-1, 0], [65536, 0], [.nan, 0]] {
      var learned = LearnedImages()
      #expect(learned.restore(values, of: .trained) != nil, "\(values)")
    }
  }
}
