import Foundation
import ScoreModel
import Testing

@testable import Surprisal

struct ModelFileTests {
  @Test("A file gives back the model: same content, same bytes")
  func roundTrip() throws {
    try Discs.withFolder { folder in
      var model = try Discs.model()
      for budget in [EvaluationBudget.fixed(16), .auto] {
        try model.calibrate(on: Discs.discs(48, seed: 3), budget: budget, compute: Discs.compute)
        let path = "\(folder)/model.safetensors"
        try model.write(to: path)
        let read = try Model(path: path)
        #expect(read.adaptive == model.adaptive)
        #expect(read.digest == model.digest)
        try read.write(to: "\(folder)/again.safetensors")
        #expect(
          try Data(contentsOf: URL(fileURLWithPath: path))
            == Data(contentsOf: URL(fileURLWithPath: "\(folder)/again.safetensors")))
      }
    }
  }

  @Test("A damaged file is refused, wherever it is cut")
  func cut() throws {
    try Discs.withFolder { folder in
      let path = "\(folder)/model.safetensors"
      try Discs.model().write(to: path)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
        try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(throws: ModelFileError.self, "cut to \(length)") { try Model(path: path) }
      }
    }
  }

  @Test("A tensor that is missing, cut, or no number is refused by name")
  func tensors() throws {
    try Discs.withFolder { folder in
      let path = "\(folder)/model.safetensors"
      try Discs.model().write(to: path)
      let file = try SafeTensors(path: path)
      for name in file.tensors.keys.sorted() where !name.contains(".reference.") {
        for spoil in [{ _ in nil }, { [$0 + [0]][0] }, { $0.map { _ in .nan } }] as [([Float]) -> [Float]?] {
          var spoiled = file
          spoiled.tensors[name] = spoil(file.tensors[name]?.values ?? []).map { .init($0) }
          // Models of before did not keep what they learned from.
          if spoiled.tensors[name] == nil, name.hasPrefix("learned.") { continue }
          try spoiled.write(to: path)
          #expect(throws: ModelFileError.self, "\(name)") { try Model(path: path) }
        }
      }
    }
  }

  @Test("Whatever a score depends on is in the digest")
  func digest() throws {
    let model = try Discs.model()
    var other = model
    #expect(other.digest == model.digest)
    try other.calibrate(on: Discs.discs(48, seed: 4), compute: Discs.compute)
    #expect(other.digest != model.digest)
  }
}
