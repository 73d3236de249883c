import Files
import Foundation
import Images
import Testing

@testable import Surprisal

struct EvaluationTests {
  @Test("A corner of checks on a disc, marked by a mask beside it, is where the bits are")
  func masks() throws {
    try Discs.withFolder { folder in
      let discs = Discs.discs(20, seed: 12)
      for index in discs.indices {
        var spoiled = discs[index]
        var mask = Bitmap(shape: Discs.shape, pixels: [UInt8](repeating: 0, count: 256))
        for i in 0..<36 {
          let at = i / 6 * 16 + i % 6
          spoiled.pixels[at] = Discs.checks.pixels[at]
          mask.pixels[at] = 255
        }
        try spoiled.jpeg(quality: 95).write(to: URL(fileURLWithPath: "\(folder)/\(index).jpg"))
        try Discs.write(mask, to: "\(folder)/\(index).png")
      }
      var evaluation = try Evaluation(Discs.model(), compute: Discs.compute)
      evaluation.masks = [FilePath(folder)]
      let found = try evaluation.score(.init(name: "defects", paths: [folder]))
      #expect(found.count == 20 && found.masked == 20)
      #expect(try #require(found.pixels).auroc > 0.8)
    }
  }

  @Test("Masks of 0 and 1 under NAME_mask.png count as any, and an image without one is refused by name")
  func maskNames() throws {
    try Discs.withFolder { folder in
      let discs = Discs.discs(6, seed: 13)
      for index in discs.indices {
        try Discs.write(discs[index], to: "\(folder)/\(index).png")
        let mask = Bitmap(shape: Discs.shape, pixels: (0..<256).map { $0 % 16 < 4 ? 1 : 0 })
        try Discs.write(mask, to: "\(folder)/\(index)_mask.png")
      }
      var evaluation = try Evaluation(Discs.model(), compute: Discs.compute)
      evaluation.masks = [FilePath(folder)]
      let found = try evaluation.score(.init(name: "defects", paths: [folder]))
      #expect(found.count == 6 && found.masked == 6 && found.pixels != nil)
      #expect(unlink("\(folder)/3_mask.png") == 0)
      let refused = #expect(throws: SurprisalError.self) {
        try evaluation.score(.init(name: "defects", paths: [folder]))
      }
      #expect(refused?.description.hasPrefix("\(folder)/3.png: no mask") == true)
      try Data("no image".utf8).write(to: URL(fileURLWithPath: "\(folder)/3_mask.png"))
      let damaged = #expect(throws: SurprisalError.self) {
        try evaluation.score(.init(name: "defects", paths: [folder]))
      }
      #expect(damaged?.description.hasPrefix("\(folder)/3_mask.png") == true)
    }
  }

  @Test("Every statistic of the model tells checks from discs, or says how far it does not")
  func separations() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let evaluation = try Evaluation(Discs.model(), compute: Discs.compute)
      let known = try evaluation.score(.init(name: "discs", paths: (0..<9).map { "\(mixed)/\($0).png" }))
      let found = try evaluation.score(.init(name: "odd", paths: ["\(mixed)/odd.png", "\(mixed)/bad.png"]))
      #expect(known.count == 9 && found.count == 1 && found.unreadable == 1)
      let separations = evaluation.separations(of: known, from: found)
      #expect(separations.map(\.statistic) == evaluation.calibration.names.map(\.rawValue) + ["mixture"])
      #expect(separations.first { $0.statistic == "surprisal" }?.separation.auroc == 1)
    }
  }

  @Test("Each folder is a set of its own, and single files make one")
  func sets() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      let sets = Evaluation.ImageSet.split([folder, "\(mixed)/odd.png", "\(mixed)/0.png"])
      #expect(sets.map(\.paths.count) == [1, 2])
    }
  }
}
