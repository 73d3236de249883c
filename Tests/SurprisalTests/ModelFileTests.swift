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
          spoiled.tensors[name] = spoil(try file.tensors[name]?.values ?? []).map { .init($0) }
          // Models of before did not keep what they learned from, and not all keep examples.
          if spoiled.tensors[name] == nil, name.hasPrefix("learned.") || name == "examples" { continue }
          // One look has no noise levels: of nothing, nothing is no number.
          if spoiled.tensors[name]?.count == 0 { continue }
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

  static let refused: [(what: String, by: String, reason: String)] = [
    ("},\"width\":16", "},\"width\":512", "where the architecture needs"),
    ("\"blocks\":2", "\"blocks\":9", "blocks 9"),
    ("\"lower\":0.001", "\"lower\":1e299", "noise range"),
    ("\"upper\":80", "\"upper\":1e300", "noise range"),
    ("\"resampling\":\"area\"", "\"resampling\":\"none\"", "resampling"),
    ("\"evaluations\":[16,0]", "\"evaluations\":[16,16]", "different numbers"),
    ("\"evaluations\":[16,0]", "\"evaluations\":[4097]", "0 to 4096"),
    ("\"evaluations\":[16,0]", "\"evaluations\":[16,0],\"ladder\":[16,4]", "not calibrated"),
    ("\"precision\":\"f32\"", "\"precision\":\"f64\"", "precision f64"),
    ("\"formatVersion\":6", "\"formatVersion\":10", "newer surprisal"),
    ("\"formatVersion\":6", "\"formatVersion\":0", "format version 0"),
    ("\"trainingImages\":240", "\"trainingImages\":-1", "-1 training images"),
    ("\"onednn\":\"", "\"onednn\":\"\\u001b[2J", "oneDNN's version"),
    ("\"steps\":120", "\"steps\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "nested too deep"),
  ]

  @Test(
    "A number that no model can have is refused by its name, before anything is given memory for it",
    arguments: refused)
  func header(what: String, by: String, reason: String) throws {
    var file = try Discs.model().file()
    let header = try #require(file.metadata["surprisal"])
    #expect(header.contains(what), "\(header.prefix(1000))")
    file.metadata["surprisal"] = header.replacing(what, with: by)
    let error = #expect(throws: ModelFileError.self) { try Model(file, path: "x") }
    #expect(error?.description.contains(reason) == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("Numbers that images cannot have are refused, in whatever tensor")
  func values() throws {
    for (name, factor, reason) in [
      ("population.mean", 1e3, "mean"), ("population.variance", -1, "variance"),
      ("population.variance", 1e6, "variance"), ("population.spectrum", -1, "spectrum"),
      ("population.spectrum", 1e30, "spectrum"), ("survey.sigmas", 1e4, "noise levels"),
      ("survey.sigmas", -1, "noise levels"), ("survey.integrand", -1, "integrand"),
      ("calibration.16.typicality.moments", -1, "spread"),
      ("calibration.16.profile.mixture.weights", -1, "negative weight"),
      ("calibration.16.profile.mixture.factors", -1, "covariance"),
      ("calibration.16.combined.spatial.factor", -1, "correlation"),
      ("calibration.16.combined.law.scales", 0, "law of the scores"),
    ] as [(String, Float, String)] {
      var file = try Discs.model().file()
      let values = try file.tensors[name]?.values ?? []
      file.tensors[name] = .init(values.map { factor * $0 })
      let error = #expect(throws: ModelFileError.self, "\(name)") { try Model(file, path: "x") }
      #expect(error?.description.contains(reason) == true, "\(name): \(error.map { "\($0)" } ?? "")")
    }
  }

  @Test("A model whose weights overflow says so when it draws, and its map is a picture")
  func overflow() throws {
    var file = try Discs.model().file()
    for name in file.tensors.keys where name.hasPrefix("network.") {
      file.tensors[name] = .init(
        shape: file.tensors[name]?.shape ?? [],
        values: try file.tensors[name]?.values.map { _ in .greatestFiniteMagnitude } ?? [])
    }
    let model = try Model(file, path: "x")
    #expect(throws: SurprisalError.self) { try Scorer(model, compute: Discs.compute).sample(1, steps: 2) }
    let explained = try ImageExplanation(of: Discs.checks, under: model, compute: Discs.compute)
    #expect(explained.picture.height == 256)
  }
}
