import Detection
import Files
import Foundation
import Images
import Tensors
import Testing

@testable import Surprisal

struct SizeTrialTests {
  /// Smooth shades, of some waves that are each image's own: what is fine in them is a flaw.
  static func clouds(_ count: Int, side: Int, in folder: String) throws {
    var random = RandomSource(seed: 5)
    for index in 0..<count {
      let waves = (0..<4).map { _ in
        (
          across: Double.random(in: -9...9, using: &random), down: Double.random(in: -9...9, using: &random),
          start: Double.random(in: 0...6, using: &random)
        )
      }
      let pixels = (0..<side * side).map { place in
        let (x, y) = (Double(place % side) / Double(side), Double(place / side) / Double(side))
        return UInt8(128 + waves.reduce(0) { $0 + 25 * cos($1.across * x + $1.down * y + $1.start) })
      }
      try Discs.write(
        Bitmap(width: side, height: side, channels: 1, pixels: pixels), to: "\(folder)/\(index).png")
    }
  }

  static func photos() throws -> Model {
    try Model(path: "\(ShippedModelTests.root)/models/photos.safetensors")
  }

  @Test(
    "Images are taken at the size at which those spoiled in part are told best, and it is said what each saw")
  func choice() throws {
    try Discs.withFolder { folder in
      try Self.clouds(60, side: 128, in: folder)
      let model = try Self.photos()
      let trial = try #require(SizeTrial(of: [FilePath(folder)], reading: ImageReading(), channels: 3))
      #expect(trial.sides == [32, 64, 128])
      let areas = try trial.sides.map { side in
        let placements = try trial.placements(at: side, by: model, compute: Discs.compute)
        #expect(placements.allSatisfy { (0...1).contains($0) })
        #expect(placements.count.isMultiple(of: Flaw.allCases.count))
        return placements.reduce(0, +) / Double(placements.count)
      }
      // Lines and dots of a pixel are hardly there at a quarter of the size.
      #expect(areas[1] > areas[0], "\(areas)")
      let choice = try FittedShape().choice(
        of: [FilePath(folder)], reading: ImageReading(), trying: model, compute: Discs.compute)
      #expect(choice.width > 32 && choice.width == choice.height, "\(choice)")
      for (side, area) in zip(trial.sides, areas) where side <= choice.width {
        #expect(choice.reason.contains(String(format: "%.2f at %d", area, side)), "\(choice), \(areas)")
      }
    }
  }

  @Test("No image is blown up to be tried, and too few are not: they are taken at 32, and it is said why")
  func few() throws {
    try Discs.withFolder { folder in
      try Self.clouds(Examination.fewest - 1, side: 128, in: folder)
      #expect(SizeTrial(of: [FilePath(folder)], reading: ImageReading(), channels: 3) == nil)
      let choice = try FittedShape().choice(
        of: [FilePath(folder)], reading: ImageReading(), trying: Self.photos(), compute: Discs.compute)
      #expect(choice.width == 32 && choice.reason.contains("128x128, more than"), "\(choice)")
    }
    for (side, sides) in [(100, [32, 64]), (63, nil)] {
      try Discs.withFolder { folder in
        try Self.clouds(Examination.fewest + 4, side: side, in: folder)
        let trial = SizeTrial(of: [FilePath(folder)], reading: ImageReading(), channels: 1)
        #expect(trial?.sides == sides)
      }
    }
  }
}
