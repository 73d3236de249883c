import Images
import Testing

@testable import Surprisal

struct LikenessTests {
  private static func likeness(_ samples: ImageBatch, _ images: ImageBatch) throws -> Likeness {
    try Likeness(of: samples, to: images, under: Discs.model(), compute: Discs.compute)
  }

  @Test("Images of one population pass for samples of it, by every statistic that needs no file")
  func alike() throws {
    let found = try Self.likeness(Discs.discs(60, seed: 31), Discs.discs(80, seed: 32))
    #expect(found.pValue > 0.01 && found.differing.isEmpty, "\(found)")
    let names = Set(found.comparisons.map(\.statistic))
    #expect(names.isSuperset(of: [.surprisal, .joint, .activations]) && !names.contains(.appearance))
    #expect(found.samples <= 60 && found.known == 0)
    #expect(found.comparisons.allSatisfy { abs($0.samplesHigher - 0.5) < 0.25 })
  }

  @Test("Images of another kind do not, and it is said which statistic sees it and which way")
  func unlike() throws {
    let odd = ImageBatch(
      shape: Discs.shape,
      images: (0..<30).map { k in
        Bitmap(shape: Discs.shape, pixels: Discs.checks.pixels.map { $0 &+ UInt8(k) })
      })
    let found = try Self.likeness(odd, Discs.discs(60, seed: 33))
    #expect(found.pValue < 1e-3)
    let bits = try #require(found.differing.first { $0.statistic == .surprisal })
    #expect(bits.samplesHigher > 0.95 && bits.test.distance > 0.9)
    #expect(try #require(found.sampleBitsPerDim) > #require(found.imageBitsPerDim))
  }

  @Test("Samples that show images are counted, and images that the model knows are")
  func copies() throws {
    let images = Discs.discs(40, seed: 34)
    let found = try Self.likeness(images.prefix(12), images)
    #expect(found.copied == 12)
    // The discs that the model was trained on: 400 of seed 6, some held out, few left out for looking alike by chance.
    let known = try Self.likeness(images, Discs.discs(50, seed: 6))
    #expect(known.known >= known.images - 3 && known.copied <= 2, "\(known)")
  }

  @Test("Without references there is nothing to compare by, and without images nothing to compare with")
  func refusals() throws {
    var bare = try Discs.model()
    bare.calibrations = []
    let some = Discs.discs(3, seed: 1)
    #expect(throws: SurprisalError.self) { try Likeness(of: some, to: some, under: bare) }
    let none = ImageBatch(shape: Discs.shape)
    #expect(throws: SurprisalError.self) { try Likeness(of: some, to: none, under: Discs.model()) }
  }
}
